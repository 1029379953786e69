"use strict";
// What is typed on a sheet stays on this device until it is recorded: one record for each sheet, under the key of its
// form, readable by one person alone. Its shape: docs/decisions.md. Where a browser stores or encrypts nothing, calls are
// refused, and all else works.
const device = (() => {
  const settled = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  // The stores of these names, in one transaction, which lasts until nothing is asked of them any more.
  const stores = async (names, mode = "readonly") => {
    const opened = indexedDB.open("kelompok", 1);
    opened.onupgradeneeded = () => {
      opened.result.createObjectStore("sheets", { keyPath: "key" }).createIndex("owner", ["user", "group"]);
      opened.result.createObjectStore("secrets");
    };
    const database = await settled(opened);
    const transaction = database.transaction(names, mode);
    transaction.oncomplete = transaction.onabort = () => database.close();
    return names.map((name) => transaction.objectStore(name));
  };
  const store = async (name, mode) => (await stores([name], mode))[0];
  const secretOf = async (user) => settled((await store("secrets")).get(user));
  const sealed = (record, iv) => ({
    name: "AES-GCM", iv, additionalData: new TextEncoder().encode([record.key, record.user, record.group].join(" ")),
  });

  // Who is signed in has a secret on the device, from the first page on until signing out: without one nothing is kept,
  // whatever a tab that was opened before still shows. Tabs tell one another, so that nobody types on unawares.
  const signOut = document.querySelector("form[data-sign-out]");
  const person = signOut?.dataset.signOut;
  const tabs = "BroadcastChannel" in window ? new BroadcastChannel("kelompok") : null;
  const tell = (event, user) => document.dispatchEvent(new CustomEvent(event, { detail: user }));
  tabs?.addEventListener("message", ({ data }) => tell(data.event, data.user));
  const arrive = async () => {
    if (!person || await secretOf(person)) return;
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    const secrets = await store("secrets", "readwrite");
    if (!await settled(secrets.get(person))) await settled(secrets.put(made, person)); // unless another tab has
  };
  const arrived = arrive();
  arrived.then(() => { if (person) tabs?.postMessage({ event: "signed-in", user: person }); }, () => {});

  let isLeaving = false;

  // `record`: key, user, group and its name, path, state ("typing" or "waiting"), saved (milliseconds); `fields`: pairs of name and text.
  // What was typed last is kept a moment later, or when the page goes: not once the person signs out, here or in another
  // tab. Says whether it is kept; false is of somebody who signed out.
  const keep = async (record, fields) => {
    await arrived;
    const secret = isLeaving ? null : await secretOf(record.user);
    if (!secret) return false;
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const plain = new TextEncoder().encode(JSON.stringify(fields));
    const data = await crypto.subtle.encrypt(sealed(record, iv), secret, plain);
    const [sheets, secrets] = await stores(["sheets", "secrets"], "readwrite");
    if (isLeaving || !await settled(secrets.get(record.user))) return false;
    await settled(sheets.put({ ...record, iv, data }));
    return true;
  };
  const isSignedOut = async (user) => {
    await arrived;
    return isLeaving || !await secretOf(user);
  };
  const find = async (user, group) => {
    await arrived;
    const [sheets, secrets] = await stores(["sheets", "secrets"]);
    const [found, secret] = await Promise.all([settled(sheets.index("owner").getAll([user, group])), settled(secrets.get(user))]);
    const opened = await Promise.allSettled(found.map(async (record) => {
      const plain = await crypto.subtle.decrypt(sealed(record, record.iv), secret, record.data);
      return { ...record, fields: JSON.parse(new TextDecoder().decode(plain)) };
    }));
    const read = opened.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
    return read.sort((one, other) => other.saved - one.saved);
  };
  // What is kept of somebody, of all groups, without what was typed: the latest first.
  const list = async (user) => {
    await arrived;
    const range = IDBKeyRange.bound([user], [user, []]);
    const found = await settled((await store("sheets")).index("owner").getAll(range));
    return found.sort((one, other) => other.saved - one.saved);
  };
  const drop = async (key) => settled((await store("sheets", "readwrite")).delete(key));
  const forget = async (user) => {
    const [sheets, secrets] = await stores(["sheets", "secrets"], "readwrite");
    const range = IDBKeyRange.bound([user], [user, []]);
    const keys = await settled(sheets.index("owner").getAllKeys(range));
    await Promise.all([...keys.map((key) => settled(sheets.delete(key))), settled(secrets.delete(user))]);
  };
  const leave = async (user) => {
    tabs?.postMessage({ event: "signed-out", user });
    await forget(user);
  };

  // Signing out takes everything of the person from the device, and never waits for it long. The page that comes then does
  // so again: another one may have been on its way meanwhile.
  signOut?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const unsent = await list(person).catch(() => []);
    if (unsent.length && !confirm(signOut.dataset.unsent)) return;
    isLeaving = true;
    try { sessionStorage.setItem("signed-out", person); } catch { /* storage is refused */ }
    const soon = new Promise((resolve) => { setTimeout(resolve, 2000); });
    Promise.race([leave(person).catch(() => {}), soon]).then(() => signOut.submit());
  });
  const finishLeaving = () => {
    const user = sessionStorage.getItem("signed-out");
    sessionStorage.removeItem("signed-out");
    if (user && !person) leave(user).catch(() => {});
  };
  try { finishLeaving(); } catch { /* storage is refused */ }

  // Without a signal a form stays on its page instead of being lost to one of the browser's; a sheet is sent otherwise.
  const noSignal = document.querySelector("[data-no-signal]");
  document.addEventListener("submit", (event) => {
    if (navigator.onLine || event.defaultPrevented || !noSignal || "send" in event.target.dataset) return;
    if (event.target.method !== "post") return;
    event.preventDefault();
    noSignal.hidden = false;
    noSignal.scrollIntoView({ block: "center" });
  });
  addEventListener("online", () => { if (noSignal) noSignal.hidden = true; });

  // Other pages than a sheet name the sheets that wait, so that none is forgotten.
  const unsent = document.querySelector("[data-unsent-list]");
  const show = async () => {
    const found = await list(person);
    unsent.hidden = !found.length;
    unsent.querySelector("ul").replaceChildren(...found.map((record) => {
      const [entry, link] = [document.createElement("li"), document.createElement("a")];
      Object.assign(link, { href: `${record.path}#kept-${record.key}`, textContent: record.name || record.group });
      const saved = new Date(record.saved).toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });
      entry.append(link, ` (${unsent.dataset.saved} ${saved})`);
      return entry;
    }));
  };
  if (unsent && person && !document.querySelector("form[data-send]")) {
    show().catch(() => {});
    addEventListener("pageshow", (event) => { if (event.persisted) show().catch(() => {}); });
  }
  return { keep, isSignedOut, find, drop, forget };
})();
