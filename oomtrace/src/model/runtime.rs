//! What manages a process's memory, and how it is set.

use serde::{Deserialize, Serialize};

/// The language runtime or server that manages a process's memory, recognised by its executable and arguments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Runtime {
    /// Which.
    pub kind: RuntimeKind,
    /// The settings of memory that it was started with; of several of one name the one that counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<RuntimeSetting>,
    /// Its environment could be read: a variable that is not among `settings` was not set.
    #[serde(default)]
    pub environment_read: bool,
}

impl Runtime {
    /// A setting by name.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&RuntimeSetting> {
        self.settings.iter().find(|setting| setting.name == name)
    }

    /// The bytes of a setting by name.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<u64> {
        self.setting(name)?.value_bytes
    }
}

/// Kinds of runtimes and servers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RuntimeKind {
    /// None of those below: its own `malloc`, most likely.
    #[default]
    Native,
    /// Node.js and others on V8.
    Node,
    /// Java, Kotlin, Scala, ...
    Jvm,
    /// Go.
    Go,
    /// Python.
    Python,
    /// Ruby.
    Ruby,
    /// PHP.
    Php,
    /// .NET.
    Dotnet,
    /// Erlang, Elixir.
    Erlang,
    /// Redis, Valkey, KeyDB.
    Redis,
    /// PostgreSQL.
    Postgresql,
    /// MySQL, MariaDB.
    Mysql,
    /// MongoDB.
    Mongodb,
    /// nginx.
    Nginx,
    /// Apache httpd.
    Apache,
    /// A web browser, or a program built on one.
    Browser,
    /// Compiler, linker, or what starts them.
    Build,
}

/// One setting of a [`Runtime`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuntimeSetting {
    /// Name as the runtime has it: `-Xmx`, `--max-old-space-size`, `GOMEMLIMIT`.
    pub name: String,
    /// The value of one that is a size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_bytes: Option<u64>,
    /// The value of one that is not: a number, a percentage or a known word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `command_line`, or the name of the environment variable.
    pub from: String,
}
