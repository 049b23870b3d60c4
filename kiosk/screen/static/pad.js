"use strict";
// The keypad, for fingers and for a numeric keyboard: a number, then a PIN. The panel beside it goes on serving faces.

const PAD_QUIET_MS = 20000;
const LONGEST = { number: 8, pin: 12 };
const SHORTEST = { number: 4, pin: 4 };
const pad = document.getElementById("pad");
const typed = { number: "", pin: "" };
let step = "number";
let asking = false;
let quiet = 0;

const part = (name) => pad.querySelector(`[data-part="${name}"]`);

function draw_pad() {
  pad.dataset.step = step;
  part("label").textContent = pad.dataset[step];
  part("typed").textContent = step === "pin" ? "•".repeat(typed.pin.length) : typed.number;
  for (const key of pad.querySelectorAll("button")) key.disabled = asking && key.dataset.key !== "Escape";
  pad.querySelector('[data-key="Enter"]').disabled = asking || typed[step].length < SHORTEST[step];
}

function say(title, text, kind) {
  part("title").textContent = title;
  part("text").textContent = text;
  pad.dataset.said = kind;
}

function begin(at) {
  step = at;
  typed.pin = "";
  if (at === "number") typed.number = "";
  draw_pad();
}

function open_pad() {
  if (!pad.hidden || document.body.dataset.pin !== "true") return;
  say("", "", "");
  begin("number");
  pad.hidden = false;
  document.body.dataset.pad = "open";
}

function close_pad() {
  typed.number = typed.pin = "";
  pad.hidden = true;
  document.body.dataset.pad = "closed";
}

async function ask() {
  const body = JSON.stringify(typed);
  asking = true;
  typed.pin = "";
  draw_pad();
  say(pad.dataset.wait, "", "wait");
  try {
    const response = await fetch("/pin", { method: "POST", body, cache: "no-store", credentials: "omit",
      headers: { "Content-Type": "application/json", "X-Siperlu-Page": document.body.dataset.token || "" } });
    told(response.ok ? await response.json() : { said: "closed", title: pad.dataset.failed, text: pad.dataset.officer });
  } catch {
    told({ said: "closed", title: pad.dataset.failed, text: pad.dataset.officer });
  }
}

function told(answer) {
  asking = false;
  quiet = performance.now();
  if (answer.said === "recorded" || answer.said === "already") return close_pad(); // the panel says it, in its colour
  say(answer.title, answer.text, answer.said);
  begin(answer.said === "busy" ? "pin" : "number");
}

function press(key) {
  quiet = performance.now();
  if (key === "Escape") return close_pad();
  if (asking) return;
  if (/^[0-9]$/.test(key)) {
    if (typed[step].length < LONGEST[step]) typed[step] += key;
    say("", "", "");
  } else if (key === "Backspace" || key === "Delete") {
    if (!typed[step] && step === "pin") step = "number";
    else typed[step] = typed[step].slice(0, -1);
  } else if (key === "Enter" && typed[step].length >= SHORTEST[step]) {
    if (step === "pin") return void ask();
    step = "pin";
  }
  draw_pad();
}

addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
  const block = /^Numpad([0-9])$/.exec(event.code); // a digit whatever the lamp NumLock says: nobody at a wall looks for it
  const key = block ? block[1] : event.key;
  if (pad.hidden && /^[0-9]$/.test(key)) open_pad();
  if (!pad.hidden) press(key);
});
document.getElementById("pad-open").addEventListener("click", () => { quiet = performance.now(); open_pad(); });
pad.addEventListener("click", (event) => {
  const key = event.target.closest("button");
  if (key) press(key.dataset.key);
});
setInterval(() => {
  const over = document.body.dataset.pin !== "true" || performance.now() - quiet > PAD_QUIET_MS;
  if (!pad.hidden && over && !asking) close_pad();
}, 250);
