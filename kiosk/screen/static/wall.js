"use strict";
// The wall: shows what the kiosk says now, and says so itself when the kiosk says nothing.

const LOST_MS = 2500; // the kiosk speaks every second
const BLIND_MS = 2000;
const RETRY_MS = 1000;
const body = document.body;
const byId = (id) => document.getElementById(id);
const TEXTS = { title: "title", name: "name", text: "text", at: "at", reason: "reason", clock: "clock", zone: "zone",
  date: "date", link: "link", backlog: "backlog", enrolled: "enrolled", receipt_text: "receipt", clock_sign: "clock-sign", hours: "hours" };

let heard = performance.now();
let seen = -Infinity;
let source = null;

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function icon(id, name) {
  byId(id).setAttribute("href", `#i-${name}`);
}

function show(view) {
  for (const [field, id] of Object.entries(TEXTS)) set(byId(id), view[field]);
  icon("icon", view.icon);
  icon("receipt-icon", view.receipt === "central" ? "central" : "stored");
  icon("link-icon", view.online ? "online" : "offline");
  Object.assign(body.dataset, { signal: view.signal, icon: view.icon, receipt: view.receipt, online: String(view.online),
    pin: String(view.pin), token: view.token || "" });
}

function lose() {
  if (body.dataset.signal === "lost") return;
  const words = byId("lost").dataset;
  show({ signal: "lost", icon: words.icon, title: words.title, text: words.text, name: "", at: "", receipt: "none",
    receipt_text: "", reason: "", clock: "", zone: "", date: "", online: true, link: "", backlog: "", clock_sign: "", hours: "", enrolled: "", pin: false });
}

function listen() {
  source = new EventSource("/events");
  source.onmessage = (event) => {
    heard = performance.now();
    const view = JSON.parse(event.data);
    if (view.build !== document.documentElement.dataset.build) location.reload();
    else show(view);
  };
  source.onerror = () => {
    source.close();
    setTimeout(listen, RETRY_MS);
  };
}

// The ring around the served face: its dashes differ by state, so that it does not speak by colour alone.
const RINGS = { idle: ["#ffffff", [2, 14]], seen: ["#7cc4f5", [34, 14]], adjust: ["#ffc74a", [12, 12]], recorded: ["#3ddc91", []],
  "recorded-offline": ["#3ddc91", []], already: ["#7cc4f5", []], "not-recognised": ["#ff9a7a", [2, 14]], "see-officer": ["#c9b2f2", [2, 14]] };

function ring(pen, box, width, height) {
  const style = RINGS[body.dataset.signal];
  if (!style) return;
  const scale = height / 480;
  const [x, y, w, h] = box || [width / 2 - 85 * scale, height / 2 - 105 * scale, 170 * scale, 210 * scale];
  pen.setLineDash(style[1].map((dash) => dash * scale));
  pen.lineDashOffset = body.dataset.signal === "seen" ? -performance.now() / 12 : 0;
  pen.lineCap = "round";
  const line = style[1].length ? 6 : 10; // unbroken and thick: done
  for (const [colour, wide] of [["rgba(6, 20, 30, .55)", line + 5], [style[0], line]]) {
    pen.strokeStyle = colour;
    pen.lineWidth = wide * scale;
    pen.beginPath();
    pen.ellipse(x + w / 2, y + h * 0.46, w * 0.66, h * 0.76, 0, 0, 2 * Math.PI);
    pen.stroke();
  }
}

async function draw(response) {
  const bitmap = await createImageBitmap(await response.blob());
  const canvas = byId("picture");
  if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) Object.assign(canvas, { width: bitmap.width, height: bitmap.height });
  const pen = canvas.getContext("2d", { alpha: false });
  pen.drawImage(bitmap, 0, 0);
  const served = response.headers.get("X-Served");
  ring(pen, served ? served.split(" ").map(Number) : null, bitmap.width, bitmap.height);
  bitmap.close();
  seen = performance.now();
  body.dataset.picture = "live";
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

async function watch() {
  for (let number = -1; ;) {
    try {
      const response = await fetch(`/picture?after=${number}`, { cache: "no-store" });
      if (response.status === 200) {
        await draw(response);
        number = response.headers.get("X-Number");
      } else if (response.status !== 204) await pause(RETRY_MS);
    } catch {
      await pause(RETRY_MS);
    }
  }
}

function guard() {
  const now = performance.now();
  if (now - heard > LOST_MS) lose();
  if (now - seen > BLIND_MS && body.dataset.picture !== "none") {
    body.dataset.picture = "none";
    const canvas = byId("picture");
    canvas.getContext("2d", { alpha: false }).clearRect(0, 0, canvas.width, canvas.height);
  }
}

for (const kind of ["contextmenu", "dragstart", "selectstart", "keydown", "wheel", "touchmove", "auxclick"])
  addEventListener(kind, (event) => event.preventDefault(), { passive: false });
setInterval(guard, 250);
listen();
watch();
