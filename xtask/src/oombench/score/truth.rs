//! What a label says, and whether an answer agrees with it.

use super::Answer;
use serde_json::Value;

/// What is true of a kill.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Truth {
    pub(crate) id: String,
    pub(crate) suite: String,
    pub(crate) class: String,
    /// Classes that are as right.
    pub(crate) also: Vec<String>,
    pub(crate) variant: String,
    /// Absent when nobody is to be named.
    pub(crate) culprit: Option<Named>,
    pub(crate) rate: Option<f64>,
    pub(crate) onset_ns: Option<u64>,
    /// From onset to kill.
    pub(crate) lasted_ns: Option<u64>,
}

/// Who is to be named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Named {
    /// As in the record's `diagnosis.culprit.kind`.
    pub(crate) kind: String,
    pub(crate) pids: Vec<u64>,
    pub(crate) comm: Option<String>,
    /// Last part of its path.
    pub(crate) exe: Option<String>,
    pub(crate) cgroup: Option<String>,
}

/// What an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Right,
    Wrong,
    /// Nobody named, though there is somebody to name.
    Abstained,
    /// Somebody named, though there is nobody to name.
    Invented,
    /// Nobody named and nobody to name.
    RightlySilent,
}

impl Truth {
    pub(crate) fn of(label: &Value) -> Self {
        let text = |key: &str| label[key].as_str().unwrap_or_default().to_owned();
        let onset_ns = label["onset_boottime_ns"].as_u64();
        let killed = label["killed_boottime_ns"].as_u64();
        Self {
            id: text("id"),
            suite: text("suite"),
            class: text("class"),
            also: strings(&label["also"]),
            variant: text("variant"),
            culprit: label["culprit"].is_object().then(|| Named::of(&label["culprit"])),
            rate: label["rate_bytes_per_s"].as_f64(),
            onset_ns,
            lasted_ns: killed.zip(onset_ns).and_then(|(killed, onset)| killed.checked_sub(onset)),
        }
    }

    /// Whether this process, family or kind was named.
    pub(crate) fn mark(&self, answer: &Answer) -> Mark {
        self.compare(answer, answer.kind.is_some(), |named| named.is(answer))
    }

    /// Whether this cgroup was named.
    pub(crate) fn mark_cgroup(&self, answer: &Answer) -> Mark {
        self.compare(answer, answer.cgroup.is_some(), |named| named.cgroup == answer.cgroup)
    }

    fn compare(&self, _: &Answer, given: bool, right: impl Fn(&Named) -> bool) -> Mark {
        match (&self.culprit, given) {
            (None, false) => Mark::RightlySilent,
            (None, true) => Mark::Invented,
            (Some(_), false) => Mark::Abstained,
            (Some(named), true) if right(named) => Mark::Right,
            (Some(_), true) => Mark::Wrong,
        }
    }

    /// The class that an answer is measured against: one of those that are as right, if it is that.
    pub(crate) fn class_for(&self, verdict: &str) -> &str {
        self.also.iter().find(|class| *class == verdict).unwrap_or(&self.class)
    }
}

impl Named {
    fn of(culprit: &Value) -> Self {
        let text = |key: &str| culprit[key].as_str().map(str::to_owned);
        Self {
            kind: text("kind").unwrap_or_default(),
            pids: culprit["pids"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect(),
            comm: text("comm"),
            exe: text("exe"),
            cgroup: text("cgroup"),
        }
    }

    /// A family is all processes of an executable: which of their names it goes by is not fixed.
    fn is_program(&self, answer: &Answer) -> bool {
        let exe = answer.exe.as_deref().and_then(|exe| exe.rsplit('/').next());
        self.comm == answer.comm || (exe.is_some() && self.exe.as_deref() == exe)
    }

    fn is(&self, answer: &Answer) -> bool {
        let kind = answer.kind.as_deref().unwrap_or_default();
        let one_of_them = answer.pid.is_some_and(|pid| self.pids.contains(&pid));
        match self.kind.as_str() {
            "process" => kind == "process" && one_of_them,
            "family" => kind == "family" && self.cgroup == answer.cgroup && self.is_program(answer),
            memory if kind == memory => {
                answer.cgroup.is_none()
                    || answer.cgroup == self.cgroup && (answer.pid.is_none() || one_of_them)
            }
            _ => kind == "process" && one_of_them,
        }
    }
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn truth(kind: &str) -> Truth {
        Truth::of(
            &json!({"id": "x", "class": "leak", "also": ["burst"], "onset_boottime_ns": 5, "killed_boottime_ns": 9,
            "culprit": {"kind": kind, "pids": [7, 8], "comm": "a", "exe": "b", "cgroup": "/c"}}),
        )
    }

    fn answer(kind: &str, pid: Option<u64>, cgroup: &str) -> Answer {
        Answer {
            kind: Some(kind.into()),
            pid,
            comm: Some("a".into()),
            cgroup: Some(cgroup.into()),
            ..Answer::default()
        }
    }

    #[test]
    fn a_process_is_that_process_and_no_family() {
        let truth = truth("process");
        assert_eq!(truth.mark(&answer("process", Some(7), "/c")), Mark::Right);
        assert_eq!(truth.mark(&answer("process", Some(9), "/c")), Mark::Wrong);
        assert_eq!(truth.mark(&answer("family", None, "/c")), Mark::Wrong);
        assert_eq!(truth.mark_cgroup(&answer("family", None, "/c")), Mark::Right);
        assert_eq!(truth.mark(&Answer::default()), Mark::Abstained);
        assert_eq!(truth.lasted_ns, Some(4));
    }

    #[test]
    fn a_kind_of_memory_is_that_kind_or_who_asked_for_it() {
        let truth = truth("shmem");
        assert_eq!(truth.mark(&answer("shmem", None, "/c")), Mark::Right);
        assert_eq!(truth.mark(&answer("shmem", Some(9), "/c")), Mark::Wrong);
        assert_eq!(truth.mark(&answer("shmem", None, "/d")), Mark::Wrong);
        assert_eq!(truth.mark(&answer("process", Some(8), "/c")), Mark::Right);
        assert_eq!(truth.mark(&answer("page_cache", None, "/c")), Mark::Wrong);
    }

    #[test]
    fn a_family_is_named_by_name_and_cgroup() {
        let truth = truth("family");
        assert_eq!(truth.mark(&answer("family", None, "/c")), Mark::Right);
        assert_eq!(truth.mark(&answer("family", None, "/d")), Mark::Wrong);
        let other = Answer { comm: Some("x".into()), ..answer("family", None, "/c") };
        assert_eq!(truth.mark(&other), Mark::Wrong);
        assert_eq!(truth.mark(&Answer { exe: Some("/bin/b".into()), ..other }), Mark::Right);
        assert_eq!(truth.mark(&answer("process", Some(7), "/c")), Mark::Wrong);
    }

    #[test]
    fn where_nobody_is_to_be_named_silence_is_right() {
        let truth = Truth { culprit: None, ..truth("process") };
        assert_eq!(truth.mark(&Answer::default()), Mark::RightlySilent);
        assert_eq!(truth.mark(&answer("process", Some(7), "/c")), Mark::Invented);
    }

    #[test]
    fn a_class_that_is_as_right_counts_as_the_class() {
        assert_eq!(truth("process").class_for("burst"), "burst");
        assert_eq!(truth("process").class_for("shmem"), "leak");
    }
}
