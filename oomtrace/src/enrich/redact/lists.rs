//! The words by which a name is judged.

/// Words with blanks between them.
#[derive(Clone, Copy)]
pub(super) struct List(&'static str);

impl List {
    /// All of them.
    pub(super) fn iter(self) -> impl Iterator<Item = &'static str> {
        self.0.split_ascii_whitespace()
    }

    /// Whether a word is one of them.
    pub(super) fn has(self, word: &str) -> bool {
        self.iter().any(|known| known == word)
    }
}

/// In a word at any place: `authtoken`, `rpcpassword`, `AZURE_STORAGEACCOUNTKEY`.
pub(super) const INSIDE: List = List(
    "password passwd passphrase passcode passwort passkey secret token apikey appkey accesskey secretkey privatekey \
    privkey authkey accountkey sharedkey masterkey signingkey encryptionkey sessionkey licensekey deploykey \
    authorization credential presharedkey mnemonic sshkey64 storagekey sessionid sessid clientkeydata userpass \
    steamaccount",
);

/// What one of [`INSIDE`] is a part of without being meant.
pub(super) const NOT_INSIDE: List = List(
    "tokeniz tokenis detoken tokens secretary passwordless passwords secretmanager secretsmanager secretprovider \
    tokenreview tokenfilter subtoken secretless credentialing secretsdir secretsfile tokenlist",
);

/// Whole words.
pub(super) const WORDS: List = List(
    "pass pwd pw bearer cookie cookies setcookie creds cred psk otp totp sas sig jwt passin passout sessionid \
    phpsessid",
);

/// Ends of words that run together: `dbpwd`, `storepass`, `bindpw`.
pub(super) const ENDS: List = List("pwd pass pw cookie psk");

/// Words with such an end that mean something else.
pub(super) const NOT_ENDS: List = List(
    "bypass compass multipass encompass trespass surpass singlepass twopass onepass subpass renderpass firstpass \
    lowpass highpass bandpass allpass cwd secondpass",
);

/// Before `key`, or joined with it, these make a secret.
pub(super) const SECRET_KEYS: List = List(
    "api app application access private priv secret secure encryption encrypt encryptor decryption decrypt session \
    signing sign signature account shared master auth authentication service license licence storage admin ingest \
    ingestion integration hmac aes webhook jwt subscription preshared sas unseal recovery tsig function deploy write \
    cookie provisioning enrollment stream team user",
);

/// Before `key` these make a name, a place or something public.
pub(super) const OTHER_KEYS: List = List(
    "public pub primary foreign partition sort shard host cache group row routing object kms cmk hot join unique \
    index order lookup map dict dedup idempotency message record registry config context label annotation tag \
    metadata meta event hash range bucket column field json distribution dist by trusted any instrumentation recv \
    fetch search export send edit delete default import keyring project sshd arrow short query sub super translation \
    i parent child issue jira compare publishable",
);

/// Last words of names whose value only says where, how or how long.
pub(super) const QUALIFIERS: List = List(
    "file filename path dir directory folder stdin prompt env ttl timeout length len count type mode url uri endpoint \
    method policy expiry expire expiration expiresin duration lifetime age size limit max min interval period host \
    hostname port user username algorithm algo alg format encoding provider scheme realm plugin manager store backend \
    source location ref class version audience issuer header headers field column var variable cache retries retry \
    attempt window rotation round enabled enable required disabled command cmd helper script program digit server \
    service name names jar fd domain samesite httponly char charset generator validator strength level list model \
    budget rate per percent bucket through thru namespace group role scope check config cost handler filter factory \
    bind review mount encryption dropout weight dim embedding embed challenge frequency warning complexity entropy \
    consent banner page view form settings setting option options status state enc kind index position pos pooling \
    ratio prob threshold recipient issued usage api proxyhost allowlist whitelist blacklist denylist metadata labels \
    annotation storage flow grace leeway skew buckets parallelism memory iterations visible fingerprint thumbprint \
    checksum ms sec second minute hour day hasher encoder policies strategies strategy validity prefix suffix delay timestamp date salted rotation key64name identity hint proxy browser label template engine address addr",
);

/// Before `token` these make a piece of text.
pub(super) const MARKS: List = List(
    "pad eos bos mask stop special unk sep image cls start end first next new max per initial starting page continuation \
    cursor resume pagination previous prev num",
);

/// Before `pass` these make a run over something.
pub(super) const RUNS: List = List(
    "render shader shadow color colour depth debug print opt llvm single two multi second first low high band all by \
    after before compiler light boarding last x run mlir",
);

/// First words of options that switch something on or off, or count.
pub(super) const SWITCHES: List = List(
    "no exclude include detect disable enable use without allow require requires skip show print max min num ask generate is has need n \
    total list avg count ignore hide prompt keep save load delete clear",
);

/// Words whose value is a secret when it looks like one.
pub(super) const PERHAPS: List = List(
    "key salt seed sid session sess login oauth code license signature nonce hash appid hmac assertion ticket grant \
    nsec pin suri",
);
