"use strict";
// Sheets are kept on the device while somebody types, and sent from the page, which stays where it is without a signal.
// Without this script the form is sent as any other.
const sending = (() => {
  const sheet = () => document.querySelector("form[data-send]");
  const notices = document.querySelector("[data-notices]");
  if (!sheet() || !notices) return null;
  const say = (name) => {
    for (const notice of notices.children) notice.hidden = notice.dataset.notice !== name;
  };
  const sayOffline = () => say(kept ? "offline" : "offline-unkept");
  const fieldsOf = (form) => [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
  const pathOf = (form) => form.getAttribute("action"); // its buttons are named "action" too
  const recordOf = (form, state) => ({
    key: form.elements.key.value, user: form.dataset.user, group: form.dataset.group,
    name: form.dataset.groupName, path: pathOf(form), state, saved: Date.now(),
  });

  // `typed`: something is not sent yet; `kept`: all of it is on the device; `retry`: what could not be done.
  let typed = false, kept = false, timer = 0, busy = false, retry = null, refit = null, offered = null, pressed = null;
  const keep = async (state = "typing") => {
    clearTimeout(timer);
    try {
      kept = await device.keep(recordOf(sheet(), state), fieldsOf(sheet()));
      if (!kept) say("signed-out");
    } catch {
      kept = false; // a private window, or storage is full
    }
  };
  const touched = (event) => {
    if (!sheet() || event.target.form !== sheet()) return;
    typed = true;
    kept = false;
    clearTimeout(timer);
    timer = setTimeout(keep, 300);
  };

  // The token of this moment: signing in on another page gives a new one, which only a page of this site can read.
  const token = () => /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] || sheet().elements.csrfmiddlewaretoken.value;
  const post = (path, fields, action, signal) => fetch(path, {
    method: "POST", signal,
    body: new URLSearchParams([...fields, ["csrfmiddlewaretoken", token()], ["action", action]]),
    headers: { Accept: "application/json, text/html;q=0.9" },
  });
  const ask = async (path, fields, action, signal, again = false) => {
    const response = await post(path, fields, action, signal);
    const { status } = response;
    const isPage = response.headers.get("Content-Type").startsWith("text/html");
    if (isPage) return [200, 409, 422].includes(status) ? { page: await response.text(), isGiven: status === 200 } : { status: "failed" };
    const answer = await response.json();
    return answer.status === "token" && !again ? ask(path, fields, action, signal, true) : answer;
  };
  const parse = (text) => new DOMParser().parseFromString(text, "text/html");
  // Without any cookie no token is right: signing in again gives one.
  const complain = (status) => {
    say({ signed_out: "signed-out", token: "signed-out", forbidden: "refused", missing: "refused" }[status] || "failed");
  };
  // For sheet.js: the page of the sheet as `action` makes it, null where there is none; what refuses it is said, and
  // the button of the notice tries `again`.
  const pageOf = async (action, again) => {
    const answer = await ask(pathOf(sheet()), fieldsOf(sheet()), action, AbortSignal.timeout(20000));
    if (answer.page && retry && retry === refit) {
      retry = null;
      say("");
    }
    if (!answer.page) {
      retry = refit = () => again().catch(sayOffline);
      complain(answer.status);
    }
    return answer.isGiven ? parse(answer.page) : null;
  };
  // What is typed while an answer is on its way would be lost. Locking takes the focus, which comes back with the fields.
  const lock = (isLocked) => {
    if (isLocked) pressed = document.activeElement;
    sheet().inert = isLocked;
    if (!isLocked) pressed?.focus({ preventScroll: true });
  };
  const send = async (path, fields, action) => {
    if (busy) return;
    busy = true;
    lock(true);
    say("sending");
    let answer;
    try {
      answer = await ask(path, fields, action);
    } catch {
      lock(false);
      return sayOffline();
    } finally {
      busy = false;
    }
    if (["closed", "known", "draft"].includes(answer.status)) return taken(fields, answer.url);
    lock(false);
    const page = answer.page && parse(answer.page);
    if (!page?.querySelector("main#content")) return complain(answer.status); // the same once more, from the notice
    retry = null;
    show(page);
  };
  const taken = async (fields, url) => {
    typed = false;
    clearTimeout(timer);
    await device.drop(new Map(fields).get("key")).catch(() => {});
    location.assign(url);
  };
  const show = (page) => {
    const main = document.querySelector("main");
    page.querySelector("[data-notices]")?.replaceWith(notices);
    main.replaceChildren(...page.querySelector("main").childNodes);
    document.title = page.title;
    say("");
    scrollTo(0, 0);
    document.dispatchEvent(new Event("shown"));
    const first = document.getElementById("refused") || main.querySelector("h1");
    first.tabIndex = -1;
    first.focus({ preventScroll: true });
  };
  // Going back loads the page anew, and its form with another key: the one it had belongs to the same place in the history.
  const keepKey = () => {
    const { key } = sheet().elements;
    if (history.state?.sheet) key.value = history.state.sheet; else history.replaceState({ sheet: key.value }, "");
  };

  const sendSheet = async (action) => {
    retry = () => sendSheet(action);
    say("sending");
    await keep(action === "close" ? "waiting" : "typing");
    await send(pathOf(sheet()), fieldsOf(sheet()), action);
  };
  const use = () => {
    retry = use;
    return send(offered.path, offered.fields, "open");
  };

  document.addEventListener("input", touched);
  document.addEventListener("change", touched);
  document.addEventListener("submit", (event) => {
    if (event.target !== sheet()) return;
    event.preventDefault();
    sendSheet(event.submitter?.value || sheet().dataset.send);
  });
  document.addEventListener("visibilitychange", () => { if (typed && !kept && document.hidden) keep(); });
  addEventListener("offline", () => { if (typed) sayOffline(); });
  addEventListener("online", () => { say(retry ? "online" : ""); });
  addEventListener("pageshow", (event) => { if (event.persisted) lock(false); });
  // Signing out in another tab ends what is kept here too; what is typed stays on the screen. Signing in again goes on.
  const isOwn = (user) => sheet()?.dataset.user === user;
  const signedOut = () => {
    clearTimeout(timer);
    kept = false;
    say("signed-out");
  };
  document.addEventListener("signed-out", (event) => { if (isOwn(event.detail)) signedOut(); });
  document.addEventListener("signed-in", (event) => {
    if (!isOwn(event.detail)) return;
    if (typed && !kept) keep();
    if (!typed && !retry && !notices.querySelector("[data-notice=signed-out]").hidden) say("");
  });
  document.addEventListener("visibilitychange", async () => {
    const isOut = !document.hidden && sheet() && await device.isSignedOut(sheet().dataset.user).catch(() => false);
    if (isOut) signedOut(); // a tab that slept hears nothing
  });
  addEventListener("beforeunload", (event) => { if (typed && !kept) event.preventDefault(); });

  const isOfThisPage = (record) => record.path === pathOf(sheet());
  // The page on which a record is offered before the others.
  const addressOf = (record) => new URL(`${record.path}#kept-${record.key}`, location.href);
  const language = document.documentElement.lang;
  const dayOf = (record) => {
    const day = new Date(new Map(record.fields).get("held_on"));
    return isNaN(day) ? "" : day.toLocaleDateString(language, { dateStyle: "long" });
  };
  const savedOf = (record) => new Date(record.saved).toLocaleString(language, { dateStyle: "long", timeStyle: "short" });
  const offer = async () => {
    const { user, group } = sheet().dataset;
    const found = await device.find(user, group).catch(() => []);
    offered = found.find((record) => location.hash === addressOf(record).hash) || found.find(isOfThisPage) || found[0];
    if (!offered) return say("");
    kept = true;
    const drop = notices.querySelector("[value=drop]");
    drop.textContent = drop.dataset.first;
    notices.querySelector("[data-day]").textContent = dayOf(offered);
    notices.querySelector("time").textContent = savedOf(offered);
    const others = found.filter((record) => record !== offered);
    const list = notices.querySelector("[data-others]");
    list.hidden = !others.length;
    list.querySelector("ul").replaceChildren(...others.map((record) => {
      const [entry, link] = [document.createElement("li"), document.createElement("a")];
      Object.assign(link, { href: addressOf(record), textContent: dayOf(record) || list.dataset.noDay, className: "alert-link" });
      entry.append(link, ` (${list.dataset.typed} ${savedOf(record)})`);
      return entry;
    }));
    say("offer");
  };
  notices.addEventListener("click", async (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.value === "send") (retry || (() => sendSheet(sheet().dataset.send)))();
    if (button.value === "use") isOfThisPage(offered) ? use() : location.assign(addressOf(offered));
    if (button.value === "drop" && button.textContent === button.dataset.first) button.textContent = button.dataset.sure;
    else if (button.value === "drop") await device.drop(offered.key).then(offer);
  });
  addEventListener("hashchange", () => { if (location.hash.startsWith("#kept-")) offer(); });
  if ("fresh" in sheet().dataset) keepKey();
  offer();
  return { pageOf };
})();
