#!/usr/bin/env python3
"""Opens a page of 'planaria report' in headless Chromium, and looks whether it is drawn without complaints.

    browse.py PAGE [--shots PREFIX]

At the widths of a phone and of a desk, in light and dark: the console says nothing, nothing but the page is loaded, no part is
wider than the window, and every chart is drawn.  It prints to PDF, too.  --shots writes PREFIX-WIDTH.png (light) and
PREFIX-dark.png.  Ends with 77 where there is no Chromium.
"""
import argparse
import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

WIDTHS = (360, 1200)
SECONDS = 60
WIDER = """(() => { const wide = [];
    for (const e of document.querySelectorAll("body *"))
        if (!e.closest(".wide, pre") && e.getBoundingClientRect().right > WIDTH + 1) wide.push(e.tagName + " " + e.className);
    return wide.slice(0, 5).join(", "); })()"""
BLANK = """[...document.querySelectorAll("canvas")].filter(c => c.width < 50 ||
    !c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some(v => v)).length"""


class Browser:
    """Chromium by its debugging pipe: messages of JSON that end with a zero."""

    def __init__(self, program, folder):
        here, there = os.pipe(), os.pipe()
        descriptors = {3: here[0], 4: there[1]}

        def settle():
            spare = {to: os.dup(number) for to, number in descriptors.items()}
            for to, number in spare.items():
                os.dup2(number, to)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
             f"--user-data-dir={folder}", "about:blank"], preexec_fn=settle, close_fds=False, stderr=subprocess.DEVNULL)
        os.close(here[0])
        os.close(there[1])
        self.to, self.back = here[1], there[0]
        self.rest, self.number, self.session, self.events = b"", 0, None, []

    def receive(self):
        until = time.monotonic() + SECONDS
        while b"\0" not in self.rest:
            piece = os.read(self.back, 1 << 20)
            if not piece or time.monotonic() > until:
                sys.exit("Chromium has gone")
            self.rest += piece
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        while not any(event["method"] == method for event in self.events):
            self.events.append(self.receive())

    def value(self, expression):
        return self.ask("Runtime.evaluate", expression=expression)["result"].get("value")

    def begin(self):
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.ask(f"{domain}.enable")

    def end(self):
        self.session = None
        self.ask("Browser.close")
        self.process.wait(SECONDS)


def said(events):
    """What was complained of, and what was loaded."""
    for event in events:
        parameters = event.get("params", {})
        if event["method"] == "Runtime.consoleAPICalled":
            yield "console: " + " ".join(str(a.get("value", a.get("description"))) for a in parameters["args"])
        elif event["method"] == "Runtime.exceptionThrown":
            yield "exception: " + json.dumps(parameters["exceptionDetails"])[:300]
        elif event["method"] == "Log.entryAdded":
            yield "log: " + parameters["entry"]["text"]


def loaded(events):
    addresses = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
    return [address for address in addresses if not address.startswith("data:")]


def look(browser, address, width, scheme):
    """Opens the page; returns what is wrong with it."""
    browser.ask("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)
    browser.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    browser.events.clear()
    browser.ask("Page.navigate", url=address)
    browser.wait("Page.loadEventFired")
    wide, blank = browser.value(WIDER.replace("WIDTH", str(width))), browser.value(BLANK)
    charts = browser.value("document.querySelectorAll('canvas').length")
    wrong = list(said(browser.events))
    if loaded(browser.events) != [address]:
        wrong.append(f"loads {loaded(browser.events)}")
    if wide or browser.value("document.documentElement.scrollWidth") > width:
        wrong.append(f"wider than the window: {wide}")
    if blank or not charts:
        wrong.append(f"{blank} of {charts} charts are blank")
    return wrong


def shoot(browser, path):
    height = browser.value("document.documentElement.scrollHeight")
    width = browser.value("innerWidth")
    picture = browser.ask("Page.captureScreenshot", captureBeyondViewport=True,
                          clip={"x": 0, "y": 0, "width": width, "height": height, "scale": 1})
    pathlib.Path(path).write_bytes(base64.b64decode(picture["data"]))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("page")
    arguments.add_argument("--shots")
    options = arguments.parse_args()
    program = shutil.which("chromium")
    if not program:
        print("Chromium is not installed")
        return 77
    address = pathlib.Path(options.page).resolve().as_uri()
    failed = False
    with tempfile.TemporaryDirectory(prefix="planaria-chromium-", ignore_cleanup_errors=True) as folder:
        browser = Browser(program, folder)
        browser.begin()
        for width in WIDTHS:
            for scheme in ("dark", "light"):
                wrong = look(browser, address, width, scheme)
                print(f"{width} pixels, {scheme}:", "; ".join(wrong) or "well")
                failed |= bool(wrong)
                if options.shots and (scheme == "light" or width == WIDTHS[-1]):
                    shoot(browser, f"{options.shots}-{width if scheme == 'light' else scheme}.png")
        pages = base64.b64decode(browser.ask("Page.printToPDF")["data"])
        print("printed:", "well" if pages.startswith(b"%PDF") else "not")
        failed |= not pages.startswith(b"%PDF")
        browser.end()
    return failed


if __name__ == "__main__":
    sys.exit(main())
