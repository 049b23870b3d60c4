"use strict";
// The grid by keyboard: arrows go from date to date, a whole sign goes on by itself, a block of a spreadsheet can be pasted,
// ticked rows are filled by a sequence. All of it writes into the page alone; without this script the cells are plain fields.

const table = document.querySelector("[data-rota]");
const cells = () => [...table.querySelectorAll("td input[data-d]")];
const known = new Map();
for (const one of document.querySelectorAll(".signs .sign")) known.set(one.textContent.trim().toUpperCase(), one.dataset.s);
for (const one of document.querySelectorAll(".signs li")) {
  const name = (one.childNodes[1] || {}).textContent || "";
  if (name.trim()) known.set(name.trim().toUpperCase(), one.querySelector(".sign").dataset.s);
}
const spare = new Set(["LIBUR", "-"]);
const count = document.querySelector("[data-count]");
let sending = false;

function look(cell) {
  const text = cell.value.trim().toUpperCase();
  cell.dataset.s = known.get(text) || (spare.has(text) ? "off" : "");
  cell.classList.toggle("unknown", text !== "" && cell.dataset.s === "");
  cell.toggleAttribute("data-changed", text !== cell.dataset.was.toUpperCase());
}

function tell() {
  const changed = cells().filter((cell) => cell.hasAttribute("data-changed")).length;
  count.hidden = changed === 0;
  count.textContent = `${changed} ${count.dataset.words}`;
  return changed;
}

function put(cell, text) {
  cell.value = text;
  look(cell);
}

function beside(cell, days, rows) {
  let row = cell.closest("tr");
  for (; rows > 0 && row; rows -= 1) row = row.nextElementSibling;
  for (; rows < 0 && row; rows += 1) row = row.previousElementSibling;
  return row && row.querySelector(`input[data-d="${Number(cell.dataset.d) + days}"]`);
}

function go(cell, days, rows) {
  const next = beside(cell, days, rows);
  if (!next) return;
  next.focus();
  next.select();
}

// A sign that no other one begins with is whole: the next date follows.
const whole = (text) => known.has(text) && [...known.keys()].filter((one) => one.length <= 3 && one.startsWith(text)).length === 1;

function begin() {
  const was = new Map();
  for (const field of table.querySelectorAll("input[name^='was.']")) was.set(field.closest("tr"), field.value.split(";"));
  for (const cell of cells()) {
    cell.dataset.was = was.get(cell.closest("tr"))[Number(cell.dataset.d) - 1];
    look(cell);
  }
  tell();
  document.querySelector("[data-tools]").hidden = false;
}

const keys = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1], Enter: [0, 1] };

function fill(clear) {
  const sequence = clear ? [""] : document.querySelector("[data-sequence]").value.trim().toUpperCase().split(/[\s,;]+/).filter(Boolean);
  const from = clear ? 1 : Number(document.querySelector("[data-from]").value) || 1;
  const step = Number(document.querySelector("[data-step]").value) || 0;
  const rows = [...table.querySelectorAll("[data-tick]:checked")].map((tick) => tick.closest("tr"));
  if (!sequence.length || !rows.length) return;
  rows.forEach((row, place) => {
    for (const cell of row.querySelectorAll("input[data-d]:not([data-past])")) {
      const day = Number(cell.dataset.d);
      if (day >= from) put(cell, sequence[(day - from + place * step) % sequence.length]);
    }
  });
  tell();
}

if (table && count) {
  begin();
  table.addEventListener("input", (event) => {
    if (!event.target.matches("input[data-d]")) return;
    look(event.target);
    tell();
    if (event.data && whole(event.target.value.trim().toUpperCase())) go(event.target, 1, 0);
  });
  table.addEventListener("keydown", (event) => {
    const way = keys[event.key];
    if (!way || !event.target.matches("input[data-d]")) return;
    event.preventDefault();
    go(event.target, ...way);
  });
  table.addEventListener("focusin", (event) => { if (event.target.matches("input[data-d]")) event.target.select(); });
  table.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (!event.target.matches("input[data-d]") || !/[\t\n]/.test(text.trimEnd())) return;
    event.preventDefault();
    text.trimEnd().split(/\r?\n/).forEach((line, rows) => line.split("\t").forEach((sign, days) => {
      const cell = beside(event.target, days, rows);
      if (cell) put(cell, sign.trim());
    }));
    tell();
  });
  document.querySelector("[data-all]").addEventListener("change", (event) => {
    for (const tick of table.querySelectorAll("[data-tick]")) tick.checked = event.target.checked;
  });
  document.querySelector("[data-fill]").addEventListener("click", () => fill(false));
  document.querySelector("[data-clear]").addEventListener("click", () => fill(true));
  document.getElementById("rota").addEventListener("submit", () => { sending = true; });
  window.addEventListener("beforeunload", (event) => { if (!sending && tell()) event.preventDefault(); });
}
