"""What a person would see at once on a page, though no axe names it and nothing scrolls sideways."""

from __future__ import annotations

#: Run in the page; gives sentences.
SEEN = """() => {
  const seen = [], cells = [...document.querySelectorAll("td:not(.choose), tbody th")];
  if (cells.some(cell => cell.clientWidth && cell.clientWidth < 80 && cell.innerText.trim().length > 12))
    seen.push("breaks words into letters");
  if (innerWidth >= 1200 && document.querySelector(".bar").clientHeight > 70) seen.push("has a bar of two lines");
  const bulk = document.querySelector(".bulk");
  if (bulk && innerWidth < 720 && getComputedStyle(bulk).position !== "static")
    seen.push("is covered by the bar for chosen rows, though none is chosen");
  const edges = [...document.querySelectorAll("tbody tr")].some(row => new Set(
    [...row.cells].map(cell => Math.round(cell.getBoundingClientRect().bottom))).size > 1);
  if (edges && innerWidth >= 1200) seen.push("has a row whose cells end at different heights");
  return seen;
}"""
