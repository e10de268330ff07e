"""A small shop: what it sells, and how it is."""

import json
import os
import pathlib
import socket
import time

from flask import Flask, g, jsonify, request

VERSION = "1"
GOODS = {"nest box": 24, "field guide": 18}

settings = json.loads((pathlib.Path(__file__).parent / "config.json").read_text())
app = Flask(__name__)
# Every host has a statsd. What is sent to nobody is lost, and costs no request anything.
statsd = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
statsd_place = (os.environ.get("STATSD_HOST", "127.0.0.1"), int(os.environ.get("STATSD_PORT", "8125")))


@app.before_request
def begin():
    g.began = time.monotonic()


@app.after_request
def measure(response):
    milliseconds = (time.monotonic() - g.began) * 1000
    page = request.endpoint or "unknown"
    try:
        statsd.sendto(f"shop.pages.{page}:1|c\nshop.page:{milliseconds:.3f}|ms".encode(), statsd_place)
    except OSError:
        pass
    return response


@app.after_request
def name_version(response):
    response.headers["X-Shop-Version"] = VERSION
    return response


@app.get("/")
def index():
    rows = "".join(f"<li>{name}: {price} {settings['currency']}</li>" for name, price in GOODS.items())
    return f"<!doctype html><title>Shop</title><h1>Shop, version {VERSION}</h1><ul>{rows}</ul>"


@app.get("/goods")
def goods():
    return jsonify(GOODS)


@app.get("/about")
def about():
    return jsonify(version=VERSION, fabric=settings["fabric"], process=os.getpid())


@app.get("/healthz")
def health():
    return "well\n"
