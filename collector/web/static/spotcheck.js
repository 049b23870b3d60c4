"use strict";
// Every tap is kept on the telephone first and sent until the centre says that it is kept: the network may come and go.
// A tap has a name of its own, so that sending it twice notes nothing twice.

(() => {
const roll = document.getElementById("roll");
const kept = document.getElementById("kept");
const shelf = `sidak-${roll.dataset.check}`;
const RETRY_MS = 3000;
const LIMIT_MS = 8000;
let sending = false;

const waiting = () => JSON.parse(localStorage.getItem(shelf) || "[]");
const keep = (taps) => localStorage.setItem(shelf, JSON.stringify(taps));

function name() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function say(word) {
  const left = waiting().length;
  kept.dataset.state = word;
  kept.textContent = word === "kept" ? kept.dataset.kept : `${kept.dataset[word]}${left ? ` (${left})` : ""}`;
}

function mark(row, seen) {
  row.dataset.seen = seen;
  for (const button of row.querySelectorAll("button[name=seen]"))
    button.setAttribute("aria-pressed", String(button.value === seen));
}

function tap(row, seen) {
  const form = row.querySelector("form");
  const told = Object.fromEntries(new FormData(form));
  keep([...waiting(), { person: told.person, seen, uniform: told.uniform || "", remark: told.remark || "", tap: name(), at: Date.now() }]);
  mark(row, seen);
  say("waiting");
  send();
}

async function hand(one) {
  const body = new URLSearchParams({ ...one, ago: Date.now() - one.at });
  body.delete("at");
  const token = document.querySelector("input[name=csrf_token]").value;
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  return fetch(roll.dataset.url, { method: "POST", body, headers, redirect: "error", signal: AbortSignal.timeout(LIMIT_MS) });
}

async function send() {
  if (sending) return;
  sending = true;
  try {
    for (let left = waiting(); left.length; left = waiting()) {
      const answer = await hand(left[0]);
      if (answer.status === 401 || answer.status === 400 || answer.status === 403) return say("out");
      if (answer.status === 409) return say("refused");
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      keep(waiting().filter((one) => one.tap !== left[0].tap));
    }
    say("kept");
  } catch {
    say("waiting");
  } finally {
    sending = false;
  }
}

roll.addEventListener("submit", (event) => {
  event.preventDefault();
  const row = event.target.closest("li");
  const seen = event.submitter ? event.submitter.value : row.dataset.seen;
  if (seen) tap(row, seen);
});
roll.addEventListener("change", (event) => {
  const row = event.target.closest("li");
  if (row.dataset.seen) tap(row, row.dataset.seen);
});
document.getElementById("find").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  for (const row of roll.children) row.hidden = !(row.dataset.name || "").includes(wanted);
});
for (const one of waiting()) {
  const row = document.getElementById(`p-${one.person}`);
  if (row) mark(row, one.seen);
}
window.addEventListener("online", send);
setInterval(() => waiting().length && send(), RETRY_MS);
send();
})();
