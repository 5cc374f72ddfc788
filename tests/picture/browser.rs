//! A browser draws every story, and measures: no text runs into another or out of its picture.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use super::drawn::folder;
use super::stories;

/// Finds texts that overlap or are cut off, and writes them into the page.
const MEASURE: &str = "<pre id='found'></pre><script>
const found = [];
for (const picture of document.querySelectorAll('svg')) {
  const whole = picture.getBoundingClientRect();
  const texts = [...picture.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
  texts.forEach(([text, box], place) => {
    if (box.left < whole.left || box.right > whole.right || box.top < whole.top || box.bottom > whole.bottom)
      found.push(picture.parentNode.id + ': cut off: ' + text);
    for (const [other, that] of texts.slice(place + 1)) {
      const across = Math.min(box.right, that.right) - Math.max(box.left, that.left);
      const down = Math.min(box.bottom, that.bottom) - Math.max(box.top, that.top);
      if (across > 0.5 && down > 3)
        found.push(picture.parentNode.id + ': ' + text + ' | ' + other);
    }
  });
}
document.getElementById('found').textContent = found.length ? found.join('\\n') : 'nothing';
</script>";

#[test]
fn no_text_overlaps_another_or_is_cut_off() {
    let Some(browser) = browser() else { return };
    let mut page = "<!DOCTYPE html><meta charset='utf-8'>".to_owned();
    let pictures = stories::all().iter();
    page.extend(pictures.map(|told| format!("<div id='{}'>{}</div>", told.name, told.svg)));
    let file = folder().join("all.html");
    fs::write(&file, page + MEASURE).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let drawn = dump(browser, &format!("file://{}", file.display()));
    let found =
        drawn.split("<pre id=\"found\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    assert_eq!(found, Some("nothing"), "{}", file.display());
}

fn browser() -> Option<&'static str> {
    let runs = |name: &&str| Command::new(name).arg("--version").output().is_ok();
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(runs);
    if found.is_none() {
        super::skipping::skipped("no_text_overlaps_another_or_is_cut_off", "no chromium here");
    }
    found
}

/// What a page is after its script has run.
fn dump(browser: &str, address: &str) -> String {
    let profile = TempDir::new().unwrap_or_else(|error| panic!("a folder: {error}"));
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--disable-dev-shm-usage", "--dump-dom", "--window-size=1200,900"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(address)
        .output();
    let output = output.unwrap_or_else(|error| panic!("{browser}: {error}"));
    assert!(output.status.success(), "{browser}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
