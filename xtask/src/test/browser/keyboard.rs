//! The page without a mouse: every stop is reached in the order of the page and shows that it is, and what can be operated is.

use super::devtools::Browser;
use anyhow::Result;
use serde_json::{Value, json};

/// Marks the stops there have to be with their number, and gives how many they are. Of a group of radio buttons the checked one
/// is a stop; what is in a closed `details` is none.
const STOPS: &str = "(() => { let n = 0;
    for (const e of document.querySelectorAll('a[href], summary, input, [tabindex=\"0\"]')) {
        if (e.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true }) && (e.type !== 'radio' || e.checked)) e.dataset.stop = n++;
    }
    return n; })()";

/// The number of the stop that has the focus, and whether that can be seen: an outline of its own, or of its label.
const FOCUSED: &str = "(() => { const e = document.activeElement;
    const shown = e.type === 'radio' ? e.labels[0] : e;
    const style = getComputedStyle(shown);
    const box = shown.getBoundingClientRect();
    const visible = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1 && box.right > 0 && box.width > 0;
    return [e.dataset.stop === undefined ? null : Number(e.dataset.stop), visible, e.outerHTML.slice(0, 70)]; })()";

/// What is wrong for who has a keyboard alone.
pub(super) fn wrong(browser: &mut Browser) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let stops = browser.evaluate(STOPS)?.as_u64().unwrap_or(0);
    if stops == 0 {
        wrong.push("nothing can be reached with the keyboard".to_owned());
    }
    for stop in 0..stops {
        press(browser, "Tab", 9)?;
        let found = browser.evaluate(FOCUSED)?;
        if found[0] != stop {
            wrong.push(format!("stop {stop} of {stops} is not reached by Tab, but {}", found[2]));
            return Ok(wrong);
        }
        if found[1] != Value::Bool(true) {
            wrong.push(format!("the focus can't be seen: {}", found[2]));
        }
    }
    wrong.extend(details(browser)?);
    wrong.extend(zoom(browser)?);
    Ok(wrong)
}

/// Enter opens what is closed.
fn details(browser: &mut Browser) -> Result<Option<String>> {
    let there = browser.evaluate(
        "(() => { const e = document.querySelector('details:not([open]) > summary'); if (e) e.focus(); return !!e; })()",
    )?;
    if there != true {
        return Ok(None);
    }
    press(browser, "Enter", 13)?;
    let open = browser.evaluate("document.activeElement.parentElement.open")?;
    Ok((open != true).then(|| "Enter does not open what is closed".to_owned()))
}

/// An arrow key shows the next view of a chart.
fn zoom(browser: &mut Browser) -> Result<Option<String>> {
    const VIEWS: &str = "[...document.activeElement.closest('.zoom').querySelectorAll('.view')].map(e => getComputedStyle(e).display !== 'none').join()";
    let there = browser.evaluate(
        "(() => { const e = document.querySelector('.zoom > input:checked'); if (e && e.checkVisibility()) e.focus();
            return !!e && document.activeElement === e; })()",
    )?;
    if there != true {
        return Ok(None);
    }
    let before = browser.evaluate(VIEWS)?;
    press(browser, "ArrowRight", 39)?;
    let after = browser.evaluate(VIEWS)?;
    let changed = before != after && after.as_str().is_some_and(|views| views.matches("true").count() == 1);
    Ok((!changed).then(|| format!("the arrow keys do not change the chart's view: {before} then {after}")))
}

fn press(browser: &mut Browser, key: &str, code: u32) -> Result<()> {
    let event = |kind: &str| json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code });
    let mut down = event("rawKeyDown");
    if key == "Enter" {
        (down["type"], down["text"]) = ("keyDown".into(), "\r".into());
    }
    browser.call("Input.dispatchKeyEvent", &down)?;
    browser.call("Input.dispatchKeyEvent", &event("keyUp")).map(drop)
}
