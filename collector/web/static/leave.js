"use strict";
// A list of people is narrowed by name; choosing a unit shows it. Without this script both work by their buttons.

for (const field of document.querySelectorAll("[data-search]")) {
  const rows = [...document.querySelectorAll("[data-list] li")];
  field.addEventListener("input", () => {
    const wanted = field.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted) && !row.querySelector("input:checked");
  });
  field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
}
for (const choice of document.querySelectorAll("[data-go]")) choice.addEventListener("change", () => choice.form.submit());
