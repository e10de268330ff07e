"""A small shop: what it sells, and how it is."""

import json
import os
import pathlib

from flask import Flask, jsonify

VERSION = "2"
GOODS = {"nest box": 24, "field guide": 18, "swift tower": 340}

settings = json.loads((pathlib.Path(__file__).parent / "config.json").read_text())
app = Flask(__name__)


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
