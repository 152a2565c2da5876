# SPDX-License-Identifier: Apache-2.0
"""Uses the page of mandelbrot-server in headless Chromium. browser.sh says what it needs, and starts it.

usage: browser_test.py SERVER CHROMIUM FOLDER
"""
import json
import subprocess
import sys
import urllib.request
from urllib.parse import parse_qs, urlparse

from playwright.sync_api import expect, sync_playwright

HOME = {"re": -0.5, "im": 0.0, "span": 3.5, "iterations": 500.0}
PIXEL = HOME["span"] / 900
WAIT = 120_000  # milliseconds after which something that should happen counts as not happening


def start(program):
    server = subprocess.Popen([program, "--port", "0"], stderr=subprocess.PIPE, text=True)
    for line in server.stderr:
        event = json.loads(line)
        if event["message"] == "listening":
            return server, f"http://127.0.0.1:{event['port']}"
    sys.exit("the server does not listen")


class Page:
    def __init__(self, page, url, folder):
        self.page, self.url, self.folder = page, url, folder
        self.view = page.locator("#view")

    def place(self):
        query = parse_qs(urlparse(self.page.url).query)
        return {name: float(query[name][0]) for name in HOME}

    def shown(self):
        """Waits for the image of the place that the address names."""
        self.page.wait_for_function(
            """() => {
                const here = new URLSearchParams(location.search), image = document.querySelector('#view .now');
                const there = new URL(image.src || 'about:blank', location).searchParams;
                return document.getElementById('view').dataset.state === 'shown' && image.naturalWidth > 0
                    && ['re', 'im', 'span'].every(name => here.get(name) === there.get(name));
            }""")
        return self.place()

    def colours(self):
        """How many different colours the image has, of a sample."""
        return self.page.evaluate(
            """() => {
                const image = document.querySelector('#view .now'), canvas = document.createElement('canvas');
                canvas.width = 60; canvas.height = 40;
                const context = canvas.getContext('2d');
                context.drawImage(image, 0, 0, 60, 40);
                return new Set(new Uint32Array(context.getImageData(0, 0, 60, 40).data.buffer)).size;
            }""")

    def at(self, x, y):
        box = self.view.bounding_box()
        return box["x"] + x * box["width"], box["y"] + y * box["height"]

    def screenshot(self, name):
        self.page.screenshot(path=f"{self.folder}/{name}.png")


def near(one, other, what, slack=0.0):
    assert abs(one - other) < 1e-3 * abs(other) + slack, f"{what}: {one}, not {other}"


def first_look(page):
    page.page.goto(page.url + "/")
    place = page.shown()
    assert place == HOME, place
    assert page.colours() > 50, page.colours()
    expect(page.page.locator("#timing")).to_contain_text("first byte after")
    expect(page.page.locator("#timing")).to_contain_text("rows after")
    page.screenshot("1-home")


def click(page):
    # The point at a quarter from the left stays there; the middle moves half way towards it.
    page.page.mouse.click(*page.at(0.25, 0.5))
    place = page.shown()
    near(place["span"], HOME["span"] / 2, "span")
    near(place["re"], HOME["re"] - HOME["span"] / 4 / 2, "re", slack=PIXEL)
    near(place["im"], 0, "im", slack=PIXEL)
    page.screenshot("2-clicked")
    page.page.keyboard.down("Shift")
    page.page.mouse.click(*page.at(0.25, 0.5))
    page.page.keyboard.up("Shift")
    place = page.shown()
    for name in HOME:
        near(place[name], HOME[name], name, slack=PIXEL)


def wheel(page):
    before = page.page.evaluate("history.length")
    page.page.mouse.move(*page.at(0.5, 0.25))
    for _ in range(5):
        page.page.mouse.wheel(0, -120)
    page.page.wait_for_function("() => new URLSearchParams(location.search).get('span') < 1")
    place = page.shown()
    assert place["im"] > 0.1, place
    assert page.page.evaluate("history.length") == before, "the wheel fills the history"
    page.screenshot("3-wheeled")


def keys(page):
    page.view.focus()
    page.page.keyboard.press("0")
    assert page.shown() == HOME
    page.page.keyboard.press("ArrowRight")
    page.page.keyboard.press("ArrowUp")
    place = page.shown()
    near(place["re"], HOME["re"] + HOME["span"] / 8, "re")
    near(place["im"], HOME["span"] / 8, "im")
    page.page.keyboard.press("+")
    near(page.shown()["span"], HOME["span"] / 2, "span")
    page.page.keyboard.press("-")
    near(page.shown()["span"], HOME["span"], "span")


def buttons(page):
    page.page.get_by_role("button", name="Reset").click()
    assert page.shown() == HOME
    page.page.get_by_role("button", name="Zoom in").click()
    near(page.shown()["span"], HOME["span"] / 2, "span")
    page.page.get_by_role("button", name="Zoom out").click()
    near(page.shown()["span"], HOME["span"], "span")
    page.page.get_by_label("Iterations").select_option("100")
    page.page.wait_for_function("() => document.querySelector('#view .now').src.includes('iterations=100')")
    assert page.shown()["iterations"] == 100
    page.page.get_by_role("button", name="Reset").click()
    assert page.shown() == HOME


def address(page):
    page.page.goto(page.url + "/?re=-0.743643887&im=0.131825904&span=0.005&iterations=1000")
    place = page.shown()
    assert place == {"re": -0.743643887, "im": 0.131825904, "span": 0.005, "iterations": 1000}, place
    page.screenshot("4-address")
    page.page.mouse.click(*page.at(0.5, 0.5))
    near(page.shown()["span"], 0.0025, "span")
    page.page.reload()
    near(page.shown()["span"], 0.0025, "span after a reload")
    page.page.go_back()
    near(page.shown()["span"], 0.005, "span after going back")
    # What is not a place is home.
    page.page.goto(page.url + "/?re=nan&im=&span=x")
    place = page.shown()
    assert place == HOME, place


def leaving(page):
    """An image that nobody waits for any more is not computed to its end."""
    page.page.goto(page.url + "/")
    page.shown()
    page.page.goto(page.url + "/?re=-0.7436438870371587&im=0.1318259043091893&span=1e-11&iterations=100000",
                   wait_until="commit")
    page.page.wait_for_function("() => document.getElementById('view').dataset.state === 'loading'")
    page.page.get_by_role("button", name="Reset").click()
    assert page.shown() == HOME
    for _ in range(600):
        with urllib.request.urlopen(page.url + "/metrics") as metrics:
            lines = dict(line.rsplit(" ", 1) for line in metrics.read().decode().splitlines() if line[0] != "#")
        if float(lines["mandelbrot_departures_total"]) >= 1 and float(lines["mandelbrot_images_in_progress"]) == 0:
            return
        page.page.wait_for_timeout(100)
    sys.exit("the server goes on computing for nobody")


def refusal(page):
    page.page.route("**/mandelbrot.png*", lambda route: route.fulfill(
        status=503, content_type="text/plain", body="8 images are on their way; try again in a second."))
    page.page.get_by_role("button", name="Zoom in").click()
    expect(page.page.locator("#trouble")).to_have_text("8 images are on their way; try again in a second.")
    page.screenshot("5-refused")
    page.page.unroute("**/mandelbrot.png*")
    page.page.get_by_role("button", name="Reset").click()
    assert page.shown() == HOME
    expect(page.page.locator("#trouble")).to_be_empty()


def main(program, chromium, folder):
    server, url = start(program)
    # Nobody reads the rest: it must not fill the pipe.
    drain = subprocess.Popen(["cat"], stdin=server.stderr, stdout=subprocess.DEVNULL)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            tab = browser.new_page(viewport={"width": 1000, "height": 760})
            errors = []
            tab.on("pageerror", lambda error: errors.append(str(error)))
            tab.on("console", lambda message: errors.append(message.text)
                   if message.type == "error" and "503" not in message.text else None)
            tab.set_default_timeout(WAIT)
            expect.set_options(timeout=WAIT)
            page = Page(tab, url, folder)
            for check in (first_look, click, wheel, keys, buttons, address, leaving, refusal):
                check(page)
                print(f"{check.__name__}: as it should be", flush=True)
            assert not errors, errors
            browser.close()
    finally:
        server.terminate()
        status = server.wait()
        drain.wait()
    assert status == 0, f"the server ended with status {status}"
    print(f"screenshots: {folder}")


if __name__ == "__main__":
    main(*sys.argv[1:])
