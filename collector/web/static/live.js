"use strict";
// Keeps a page fresh: asks for the page itself every few seconds and exchanges only the parts that changed.

const EVERY_MS = 3000;
const LIMIT_MS = 5000;
const byId = (id) => document.getElementById(id);
const clock = byId("live-at");
let tag = null;

function exchange(fresh) {
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.getElementById(part.id);
    if (!next || next.outerHTML === part.outerHTML) continue;
    const before = new Map([...part.querySelectorAll("[id]")].map((row) => [row.id, row.outerHTML]));
    part.replaceWith(next);
    for (const row of next.querySelectorAll("tr[id], li[id]"))
      if (before.get(row.id) !== row.outerHTML) row.animate({ backgroundColor: ["#cfeadb", "transparent"] }, 4000);
  }
}

async function ask() {
  const headers = tag ? { "If-None-Match": tag } : {};
  const response = await fetch(location.href, { headers, cache: "no-store", signal: AbortSignal.timeout(LIMIT_MS) });
  if (response.status === 401 || response.status === 403) location.reload(); // logged out, or a password is to be changed: the page leads there and back
  if (response.status !== 200 && response.status !== 304) throw new Error(`status ${response.status}`);
  if (response.status === 200) {
    exchange(new DOMParser().parseFromString(await response.text(), "text/html"));
    tag = response.headers.get("ETag");
  }
  clock.textContent = response.headers.get("X-Clock");
}

async function keep() {
  try {
    await ask();
    byId("broken").hidden = true;
  } catch {
    byId("as-of").textContent = clock.textContent;
    byId("broken").hidden = false;
  }
  setTimeout(keep, EVERY_MS);
}

if (clock) setTimeout(keep, EVERY_MS);
