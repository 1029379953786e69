// The meeting sheet works without this script; with it, sums follow the typing and rows come without a reload.
const startSheet = () => {
  const sheet = document.querySelector("[data-sheet]");
  if (!sheet) return;
  // Reads what `groups/shared/money.py` reads, and counts as nothing what it refuses.
  const amount = (input) => {
    const text = input.value.replace(/\s+/g, " ").trim().replace(/^rp\.?\s*/i, "").replace(/[.,]-$/, "");
    if (/^(0+|[1-9]\d*|[1-9]\d{0,2}(\.\d{3})+|[1-9]\d{0,2}( \d{3})+)(,00?)?$/.test(text)) return Number(text.replace(/,.*|\D/g, ""));
    if (/^[1-9]\d{0,2}(,\d{3}){2,}(\.00?)?$/.test(text)) return Number(text.replace(/\..*|\D/g, ""));
    const worded = /^([1-9]\d*|0(?=[.,]))(?:[.,](\d{1,2}))? ?(rb|ribu|jt|juta|miliar|milyar)$/i.exec(text);
    const zeros = { r: 3, j: 6, m: 9 };
    return worded ? Number(worded[1] + (worded[2] || "").padEnd(zeros[worded[3][0].toLowerCase()], "0")) : 0;
  };
  const rupiah = (sum) => (sum < 0 ? "−" : "") + "Rp\u00a0" + String(Math.abs(sum)).replace(/\B(?=(\d{3})+$)/g, ".");

  const total = () => {
    const signs = JSON.parse(sheet.querySelector("[data-signs]").dataset.signs);
    let sum = Number(sheet.dataset.cashBefore);
    sheet.querySelectorAll("[data-cash]").forEach((input) => { sum += Math.round(Number(input.dataset.cash) * amount(input)); });
    sheet.querySelectorAll("[data-lent]").forEach((cancel) => { if (!cancel.checked) sum -= Number(cancel.dataset.lent); });
    sheet.querySelectorAll('[name^="other-"][name$="-kind"]').forEach((kind) => {
      const input = sheet.elements[kind.name.replace("-kind", "-amount")];
      if (input && signs[kind.value]) sum += signs[kind.value] * amount(input);
    });
    sheet.querySelector("[data-expected]").textContent = rupiah(sum);
  };

  // Somebody who is not there brings no money; what was prefilled comes back with the person.
  const isAway = (radio) => radio.value === "EXCUSED" || radio.value === "ABSENT";
  const follow = (radio) => {
    const row = radio.closest("[data-member]");
    const prefilled = JSON.parse(sheet.elements.prefilled.value);
    row.querySelectorAll('[data-cash="1"]').forEach((input) => {
      if (input.name.endsWith("-fine")) return; // see propose
      if (isAway(radio) && input.value) { input.dataset.was = input.value; input.value = ""; }
      if (!isAway(radio) && row.dataset.away && !input.value) input.value = input.dataset.was || prefilled[input.name] || "";
    });
    if (isAway(radio)) row.dataset.away = "yes"; else delete row.dataset.away;
  };

  // What is paid of fines is proposed with the attendance: those owed and the new one; nothing of somebody who is not
  // there. It is taken back with the attendance unless somebody has changed it.
  const propose = (radio) => {
    const fines = JSON.parse(sheet.dataset.fines);
    const input = radio.closest("[data-member]").querySelector('[name$="-fine"]');
    if (input.value && amount(input) !== Number(input.dataset.proposed)) return;
    const fine = isAway(radio) ? 0 : Number(input.dataset.owed || 0) + (fines[radio.value] || 0);
    input.dataset.proposed = fine;
    input.value = fine ? String(fine).replace(/\B(?=(\d{3})+$)/g, ".") : "";
    if (fine) input.closest("details").open = true;
  };

  // Another date: the server gives the sheet of that day, with everything that was typed, also what was typed meanwhile.
  const typed = () => new Map(Array.from(new FormData(sheet)).filter(([name]) => name !== "csrfmiddlewaretoken"));
  let asked = 0, isPressed = false;
  sheet.addEventListener("pointerdown", () => { isPressed = true; });
  for (const name of ["pointerup", "pointercancel"]) addEventListener(name, () => { setTimeout(() => { isPressed = false; }); });
  const fit = async () => {
    const turn = (asked += 1);
    const sent = typed();
    const page = await sending.pageOf("day", fit);
    const fresh = page?.querySelector("[data-sheet]");
    while (isPressed) await new Promise((done) => { setTimeout(done, 20); }); // the button would go from under the finger
    if (!fresh || turn !== asked) return;
    const at = sheet.contains(document.activeElement) ? document.activeElement : null;
    const caret = at?.selectionStart;
    const fines = JSON.parse(sheet.dataset.fines);
    const owed = Object.fromEntries(Array.from(sheet.querySelectorAll('[name$="-fine"]'), (fine) => [fine.name, fine.dataset.owed]));
    const meanwhile = typed();
    const opened = Array.from(sheet.querySelectorAll("details"), (details) => details.open);
    document.getElementById("unplaced")?.closest("section").remove();
    const unplaced = page.getElementById("unplaced")?.closest("section");
    if (unplaced) sheet.before(unplaced);
    Object.assign(sheet.dataset, fresh.dataset);
    sheet.replaceChildren(...fresh.childNodes);
    meanwhile.forEach((value, name) => {
      const field = sheet.elements[name];
      if (!field || sent.get(name) === value) return;
      if (field.type === "checkbox") field.checked = true; else field.value = value;
    });
    sheet.querySelectorAll("details").forEach((details, place) => { details.open = details.open || opened[place]; });
    sheet.querySelectorAll('[name$="-attendance"]:checked').forEach((radio) => {
      const row = radio.closest("[data-member]");
      const fine = row.querySelector('[name$="-fine"]');
      if (isAway(radio)) row.dataset.away = "yes";
      const proposed = isAway(radio) ? 0 : Number(owed[fine.name] || 0) + (fines[radio.value] || 0);
      if (fine.value && amount(fine) === proposed) { fine.dataset.proposed = amount(fine); propose(radio); }
    });
    sheet.elements.held_on.dispatchEvent(new Event("input", { bubbles: true })); // sums, and what the device keeps
    // Whoever went on to another field types there.
    const again = at?.id && document.getElementById(at.id);
    again?.focus?.({ preventScroll: true });
    if (Number.isInteger(caret)) again?.setSelectionRange(caret, caret);
  };

  let dirty = false;
  sheet.addEventListener("input", () => { dirty = true; total(); });
  sheet.addEventListener("change", (event) => {
    // Without a signal the sheet stays as it is; the server fits it to the date when it is sent.
    if (event.target.name === "held_on" && event.target.value) fit().catch(() => {});
    if (event.target.name.endsWith("-attendance")) { follow(event.target); propose(event.target); total(); }
  });
  sheet.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.value === "present") {
      event.preventDefault();
      sheet.querySelectorAll("[data-member]").forEach((row) => {
        if (!row.querySelector('[type="radio"]:checked')?.value) row.querySelector('[value="PRESENT"]').checked = true;
      });
      dirty = true;
    } else if (button.dataset.more) {
      event.preventDefault();
      const rows = sheet.querySelector(`[data-rows="${button.dataset.more}"]`);
      const count = rows.querySelector('[name$="-TOTAL_FORMS"]');
      if (Number(count.value) >= Number(rows.querySelector('[name$="-MAX_NUM_FORMS"]').value)) return;
      const row = rows.querySelector("template").content.cloneNode(true);
      row.querySelectorAll("[name],[id],[for],[aria-describedby]").forEach((node) => {
        ["name", "id", "for", "aria-describedby"].forEach((name) => {
          if (node.hasAttribute(name)) node.setAttribute(name, node.getAttribute(name).replace("__prefix__", count.value));
        });
      });
      count.value = Number(count.value) + 1;
      rows.append(row);
      rows.lastElementChild.querySelector("input,select").focus();
    }
  });
  sheet.addEventListener("submit", () => {
    dirty = false;
    asked += 1; // the server fits what it is sent to its date
  });
};
startSheet();
document.addEventListener("shown", startSheet); // by send.js, which puts another sheet in its place
