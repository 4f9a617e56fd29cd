//! The pages of `oomtrace report -f html` in a real browser: no word on its console, no request, nothing wider than the screen,
//! every picture with a text alternative, enough contrast, usable with the keyboard alone, and printed; with pictures of each page to
//! look at, in `target/pages`.

mod devtools;
mod keyboard;
mod print;

use super::Outcome;
use super::tally::Tally;
use crate::{paths, sh};
use anyhow::{Context as _, Result, bail};
use devtools::Browser;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Screens: name, width, height, phone.
const SCREENS: [(&str, u32, u32, bool); 2] = [("desktop", 1280, 900, false), ("phone", 390, 844, true)];
const SCHEMES: [&str; 2] = ["light", "dark"];
/// Pages are long; a picture of more than this says nothing new.
const PICTURE_MAX: u64 = 9_000;

/// Gives a list of what stands out too little.
const CONTRAST: &str = include_str!("contrast.js");

/// What has to be true of every page, as expressions that give a list of what is not.
const CHECKS: [(&str, &str); 7] = [
    (
        "wider than the screen",
        "[document.documentElement.scrollWidth].filter(width => width > document.documentElement.clientWidth)",
    ),
    (
        "wider than its card, and not to be scrolled to",
        "[...document.querySelectorAll('.card *')].filter(e => e.checkVisibility() && !e.closest('.scroll > *, pre > *, svg *, .zoom > input') &&
            e.getBoundingClientRect().right > e.closest('.card').getBoundingClientRect().right + 1).map(e => e.outerHTML.slice(0, 80)).slice(0, 3)",
    ),
    (
        "pictures without words",
        "[...document.querySelectorAll('[role=img]')].filter(e => !e.getAttribute('aria-label')).map(e => e.outerHTML.slice(0, 80))",
    ),
    (
        "scripts",
        "[...document.querySelectorAll('script, [onclick], [onload], [onerror], a[href^=\"javascript:\"]')].map(e => e.outerHTML.slice(0, 80))",
    ),
    ("contrast", CONTRAST),
    (
        "one id twice",
        "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, at, all) => all.indexOf(id) != at)",
    ),
    (
        "no style",
        "getComputedStyle(document.body).marginTop === '0px' ? [] : ['the style sheet does not apply']",
    ),
];

/// Opens all pages on all screens.
pub(super) fn pages() -> Result<Outcome> {
    let Some(program) = ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(sh::find)
    else {
        let why = "no chromium: cargo xtask setup --only pages installs it";
        if sh::in_ci() {
            bail!("the pages have to be opened in CI, but {why}");
        }
        return Ok(Outcome::Skipped(why.into()));
    };
    sh::output(sh::cargo().args(["test", "--quiet", "--package", "oomtrace", "--test", "pages"]))?;
    let mut browser = Browser::start(&program)?;
    let mut tally = Tally::default();
    for page in files()? {
        for screen in SCREENS {
            for scheme in SCHEMES {
                let wrong = open(&mut browser, &page, screen, scheme)?;
                tally += if wrong.is_empty() { Tally::PASSED } else { Tally::FAILED };
                for wrong in wrong {
                    println!("FAILED   {} {} {scheme}: {wrong}", page.display(), screen.0);
                }
            }
        }
    }
    anyhow::ensure!(tally.passed + tally.failed > 0, "there are no pages in {}", directory().display());
    Ok(Outcome::Ran(tally))
}

fn directory() -> PathBuf {
    paths::target().join("pages")
}

fn files() -> Result<Vec<PathBuf>> {
    let mut files: Vec<_> = std::fs::read_dir(directory())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "html"))
        .collect();
    files.sort();
    Ok(files)
}

/// Opens a page, takes its picture, and says what is wrong with it.
fn open(
    browser: &mut Browser,
    page: &Path,
    screen: (&str, u32, u32, bool),
    scheme: &str,
) -> Result<Vec<String>> {
    let (name, width, height, mobile) = screen;
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile }),
    )?;
    let feature = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
    browser.call("Emulation.setEmulatedMedia", &json!({ "features": feature }))?;
    browser.events.clear();
    let url = format!("file://{}", page.display());
    let went = browser.call("Page.navigate", &json!({ "url": url }))?;
    anyhow::ensure!(went.get("errorText").is_none(), "{url}: {went}");
    browser.wait("Page.loadEventFired")?;
    let mut wrong = Vec::new();
    for (what, expression) in CHECKS {
        let found = browser.evaluate(expression)?;
        if found.as_array().is_none_or(|list| !list.is_empty()) {
            wrong.push(format!("{what}: {found}"));
        }
    }
    wrong.extend(pointed_at(browser)?);
    picture(browser, &page.with_extension(format!("{name}.{scheme}.png")), width)?;
    if !mobile {
        wrong.extend(print::wrong(browser, page, scheme)?);
    }
    // Last: it opens and changes things.
    wrong.extend(keyboard::wrong(browser)?);
    wrong.extend(browser.events.iter().filter_map(|event| complaint(event, &url)));
    Ok(wrong)
}

/// With the pointer over a chart its values are shown, and no others.
fn pointed_at(browser: &mut Browser) -> Result<Option<String>> {
    const PLACE: &str = "(() => { const slices = [...document.querySelectorAll('.slice .hit')]
        .map(e => e.getBoundingClientRect()).filter(r => r.width > 0);
        if (!slices.length) return null;
        const r = slices[Math.floor(slices.length / 3)];
        return [r.x + r.width / 2, r.y + r.height / 2 + scrollY]; })()";
    const SHOWN: &str = "[...document.querySelectorAll('.tip')].filter(e => getComputedStyle(e).visibility === 'visible').length";
    let place = browser.evaluate(PLACE)?;
    let (Some(x), Some(y)) = (place[0].as_f64(), place[1].as_f64()) else { return Ok(None) };
    let y = y - browser
        .evaluate(&format!("scrollTo({{ top: {}, behavior: 'instant' }}), scrollY", y - 200.0))?
        .as_f64()
        .unwrap_or(0.0);
    browser.call("Input.dispatchMouseEvent", &json!({ "type": "mouseMoved", "x": x, "y": y }))?;
    let shown = browser.evaluate(SHOWN)?;
    Ok((shown != 1).then(|| format!("{shown} boxes are shown under the pointer")))
}

/// What an event says against the page: a word on the console, an exception, a request for anything but itself.
fn complaint(event: &Value, url: &str) -> Option<String> {
    let asked = event["params"]["request"]["url"].as_str().unwrap_or_default();
    match event["method"].as_str()? {
        "Log.entryAdded" | "Runtime.consoleAPICalled" | "Runtime.exceptionThrown" => {
            Some(event["params"].to_string())
        }
        "Network.requestWillBeSent" if asked != url && !asked.starts_with("data:") => {
            Some(format!("it asked for {asked}"))
        }
        _ => None,
    }
}

fn picture(browser: &mut Browser, file: &Path, width: u32) -> Result<()> {
    let height =
        browser.evaluate("document.documentElement.scrollHeight")?.as_u64().unwrap_or(0).min(PICTURE_MAX);
    let clip = json!({ "x": 0, "y": 0, "width": width, "height": height, "scale": 1 });
    let shot =
        browser.call("Page.captureScreenshot", &json!({ "clip": clip, "captureBeyondViewport": true }))?;
    let bytes = shot["data"].as_str().and_then(devtools::base64).context("no picture")?;
    std::fs::write(file, bytes).with_context(|| format!("cannot write {}", file.display()))
}
