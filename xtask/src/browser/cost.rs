//! What a page costs whoever looks at it: how soon something is seen, and the memory that it holds.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::Browser;

/// What a page and its browser hold, after all garbage was collected.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Memory {
    /// MiB of the page's JavaScript objects.
    pub heap_mib: f64,
    /// Nodes of documents: those that are seen, and those that something still holds.
    pub nodes: u64,
    /// Listeners of events.
    pub listeners: u64,
    /// MiB of all processes of the browser without what comes from files, which other browsers share, and shared memory;
    /// what processes share is divided among them (`Pss_Anon`).
    pub processes_mib: f64,
}

impl Browser<'_> {
    /// Goes to an address as somebody does who was never there, and says after how many milliseconds something was
    /// painted (First Contentful Paint).
    ///
    /// # Errors
    /// Where nothing answers there, or nothing is painted.
    pub fn first_paint_ms(&self, url: &str) -> Result<f64> {
        self.devtools("Network.clearBrowserCache", &json!({}))?;
        self.go(url)?;
        let painted = "return performance.getEntriesByName('first-contentful-paint').length > 0";
        self.wait("a first paint", painted)?;
        let at = self.run("return performance.getEntriesByName('first-contentful-paint')[0].startTime")?;
        at.as_f64().context("a paint has a time")
    }

    /// Collects garbage and says what is left.
    ///
    /// # Errors
    /// Where the browser is gone.
    pub fn memory(&self) -> Result<Memory> {
        // Twice: what finalizers let go of in the first is collected in the second.
        for _ in 0..2 {
            self.devtools("HeapProfiler.collectGarbage", &json!({}))?;
        }
        self.devtools("Performance.enable", &json!({}))?;
        let answer = self.devtools("Performance.getMetrics", &json!({}))?;
        let all = answer["metrics"].as_array().cloned().unwrap_or_default();
        let metric = |name: &str| -> Result<f64> {
            let found = all.iter().find(|one| one["name"] == name);
            let value = found.and_then(|one| Value::as_f64(&one["value"]));
            value.with_context(|| format!("no {name} among {all:?}"))
        };
        Ok(Memory {
            heap_mib: metric("JSHeapUsedSize")? / f64::from(1 << 20),
            nodes: metric("Nodes")? as u64,
            listeners: metric("JSEventListeners")? as u64,
            processes_mib: proportional_kib(self.driver.id())? as f64 / 1024.0,
        })
    }
}

/// Memory of what a process started, and of what that started.
fn proportional_kib(driver: u32) -> Result<u64> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(process) = entry?.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        // Its name may hold anything, brackets too.
        let Ok(stat) = fs::read_to_string(format!("/proc/{process}/stat")) else {
            continue;
        };
        let after = stat.rsplit_once(')').map_or("", |(_, after)| after);
        let parent = after
            .split_whitespace()
            .nth(1)
            .and_then(|field| field.parse().ok());
        children.entry(parent.unwrap_or(0)).or_default().push(process);
    }
    let mut sum = 0;
    let mut open = children.remove(&driver).unwrap_or_default();
    while let Some(process) = open.pop() {
        open.extend(children.remove(&process).unwrap_or_default());
        // One that just ended holds nothing.
        let text = fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("Pss_Anon:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        sum += kib.unwrap_or(0);
    }
    Ok(sum)
}
