// The meeting sheet works without this script; with it, sums follow the typing and rows come without a reload.
const startSheet = () => {
  const sheet = document.querySelector("[data-sheet]");
  if (!sheet) return;
  const expected = sheet.querySelector("[data-expected]");
  const signs = JSON.parse(sheet.querySelector("[data-signs]").dataset.signs);
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
    let sum = Number(sheet.dataset.cashBefore);
    sheet.querySelectorAll("[data-cash]").forEach((input) => { sum += Math.round(Number(input.dataset.cash) * amount(input)); });
    sheet.querySelectorAll("[data-lent]").forEach((cancel) => { if (!cancel.checked) sum -= Number(cancel.dataset.lent); });
    sheet.querySelectorAll('[name^="other-"][name$="-kind"]').forEach((kind) => {
      const input = sheet.elements[kind.name.replace("-kind", "-amount")];
      if (input && signs[kind.value]) sum += signs[kind.value] * amount(input);
    });
    expected.textContent = rupiah(sum);
  };

  // Somebody who is not there brings no money; what was prefilled comes back with the person.
  const follow = (radio) => {
    const away = radio.value === "EXCUSED" || radio.value === "ABSENT";
    radio.closest("[data-member]").querySelectorAll('[data-cash="1"]').forEach((input) => {
      if (input.name.endsWith("-fine")) return; // see propose
      if (away && input.value) { input.dataset.was = input.value; input.value = ""; }
      if (!away && input.dataset.was && !input.value) input.value = input.dataset.was;
    });
  };

  // What is paid of fines is proposed with the attendance: those owed and the new one; nothing of somebody who is not
  // there. It is taken back with the attendance unless somebody has changed it.
  const fines = JSON.parse(sheet.dataset.fines);
  const propose = (radio) => {
    const input = radio.closest("[data-member]").querySelector('[name$="-fine"]');
    if (input.value && amount(input) !== Number(input.dataset.proposed)) return;
    const away = radio.value === "EXCUSED" || radio.value === "ABSENT";
    const fine = away ? 0 : Number(input.dataset.owed || 0) + (fines[radio.value] || 0);
    input.dataset.proposed = fine;
    input.value = fine ? String(fine).replace(/\B(?=(\d{3})+$)/g, ".") : "";
    if (fine) input.closest("details").open = true;
  };

  let dirty = false;
  sheet.addEventListener("input", () => { dirty = true; total(); });
  sheet.addEventListener("change", (event) => {
    if (event.target.name.endsWith("-attendance")) { follow(event.target); propose(event.target); total(); }
  });
  sheet.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.value === "present") {
      event.preventDefault();
      sheet.querySelectorAll("[data-member]").forEach((row) => {
        if (!row.querySelector('[type="radio"]:checked')) row.querySelector('[value="PRESENT"]').checked = true;
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
  sheet.addEventListener("submit", () => { dirty = false; });
};
startSheet();
document.addEventListener("shown", startSheet); // by send.js, which puts another sheet in its place
