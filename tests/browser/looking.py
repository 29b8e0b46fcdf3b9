"""Opening a page and noting whatever a reader, or somebody who cannot see it, would stumble over."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

AXE = Path(__file__).parents[1] / "judges" / "node_modules" / "axe-core" / "axe.min.js"

Scheme = Literal["light", "dark"]
WIDTHS = (1280, 390)
"""A desk and a telephone, in pixels."""

# Boxes that are wider than the page without a way to scroll them, and text that is cut off or tiny.
_FAULTS = """() => {
  const faults = [];
  const wide = document.documentElement.scrollWidth;
  if (wide > innerWidth) faults.push(`the page is ${wide} pixels wide, the window ${innerWidth}`);
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest('svg') && element.tagName !== 'svg') continue;
    const style = getComputedStyle(element);
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (own && parseFloat(style.fontSize) < 12) faults.push(`text of ${style.fontSize}: ${element.textContent}`);
    const cut = element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0;
    if (cut && style.overflowX === 'hidden') faults.push(`cut off: ${element.textContent.slice(0, 60)}`);
  }
  return faults;
}"""


@dataclass
class Look:
    """A page that is open, and what was noted of it.

    Args:
        complaints: what the console said and which requests failed.
        asked: the addresses of all requests.
    """

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def resize(self, width: int) -> None:
        """Make the window as wide as said, in pixels."""
        self.page.set_viewport_size({"width": width, "height": 900})

    def faults(self) -> list[str]:
        """Return what is cut off, tiny, or wider than the window."""
        found: list[str] = self.page.evaluate(_FAULTS)
        return found

    def barriers(self) -> list[str]:
        """Return the findings of axe that are serious or critical: whom the page shuts out, and where."""
        if not AXE.exists():
            pytest.skip("axe-core (of npm) is not there")
        self.page.evaluate(AXE.read_text())  # and not by a tag, which a page's policy forbids
        found = self.page.evaluate("() => axe.run()")["violations"]
        return [
            f"{one['id']}: {node['html'][:120]}"
            for one in found
            if one["impact"] in {"serious", "critical"}
            for node in one["nodes"][:3]
        ]


@contextmanager
def looking(browser: Browser, *, scheme: Scheme, width: int) -> Iterator[Look]:
    """Give a window of a width, in a colour scheme."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    look = Look(page)
    page.on("console", lambda message: look.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: look.complaints.append(str(error)))
    page.on("requestfailed", lambda request: look.complaints.append(f"failed: {request.url}"))
    page.on("request", lambda request: look.asked.append(request.url))
    yield look
    page.close()
