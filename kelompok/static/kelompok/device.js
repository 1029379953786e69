"use strict";
// What is typed on a sheet stays on this device until it is recorded: one record for each sheet, under the key of its
// form, readable by one person alone. Its shape: docs/decisions.md. Where a browser stores or encrypts nothing, calls are
// refused, and all else works.
const device = (() => {
  const settled = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const store = async (name, mode = "readonly") => {
    const opened = indexedDB.open("kelompok", 1);
    opened.onupgradeneeded = () => {
      opened.result.createObjectStore("sheets", { keyPath: "key" }).createIndex("owner", ["user", "group"]);
      opened.result.createObjectStore("secrets");
    };
    const database = await settled(opened);
    const transaction = database.transaction(name, mode);
    transaction.oncomplete = transaction.onabort = () => database.close();
    return transaction.objectStore(name);
  };
  const secretOf = async (user) => {
    const known = await settled((await store("secrets")).get(user));
    if (known) return known;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const secrets = await store("secrets", "readwrite");
    const meanwhile = await settled(secrets.get(user)); // by another tab
    if (!meanwhile) await settled(secrets.put(made, user));
    return meanwhile || made;
  };
  const sealed = (record, iv) => ({
    name: "AES-GCM", iv, additionalData: new TextEncoder().encode([record.key, record.user, record.group].join(" ")),
  });

  let isLeaving = false;

  // `record`: key, user, group, path, state ("typing" or "waiting"), saved (milliseconds); `fields`: pairs of name and text.
  // What was typed last is kept a moment later, or when the page goes: not once the person signs out.
  const keep = async (record, fields) => {
    if (isLeaving) return;
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(fields));
    const data = await crypto.subtle.encrypt(sealed(record, iv), await secretOf(record.user), plain);
    const sheets = await store("sheets", "readwrite");
    if (!isLeaving) await settled(sheets.put({ ...record, iv, data }));
  };
  const find = async (user, group) => {
    const found = await settled((await store("sheets")).index("owner").getAll([user, group]));
    const opened = await Promise.all(found.map(async (record) => {
      const plain = await crypto.subtle.decrypt(sealed(record, record.iv), await secretOf(user), record.data);
      return { ...record, fields: JSON.parse(new TextDecoder().decode(plain)) };
    }));
    return opened.sort((one, other) => other.saved - one.saved);
  };
  const drop = async (key) => settled((await store("sheets", "readwrite")).delete(key));
  const forget = async (user) => {
    const sheets = await store("sheets", "readwrite");
    const range = IDBKeyRange.bound([user], [user, []]);
    const keys = await settled(sheets.index("owner").getAllKeys(range));
    await Promise.all(keys.map((key) => settled(sheets.delete(key))));
    await settled((await store("secrets", "readwrite")).delete(user));
  };

  // Signing out takes everything of the person from the device, and never waits for it long.
  const leaving = document.querySelector("form[data-sign-out]");
  leaving?.addEventListener("submit", (event) => {
    event.preventDefault();
    isLeaving = true;
    const soon = new Promise((resolve) => { setTimeout(resolve, 2000); });
    Promise.race([forget(leaving.dataset.signOut).catch(() => {}), soon]).then(() => leaving.submit());
  });
  return { keep, find, drop, forget };
})();
