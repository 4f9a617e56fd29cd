//! Runtimes of languages. Most of these are limits of their own, which the kernel knows nothing of.

use super::sign::{Sign, sign};
use crate::model::SignMeaning::{Limit, OtherMemory, Refused};

pub(super) const SIGNS: [Sign; 18] = [
    sign(
        "gpu_out_of_memory",
        OtherMemory,
        &[&["CUDA out of memory"], &["cuda.OutOfMemoryError"], &["CUDA_ERROR_OUT_OF_MEMORY"], &["HIP out of memory"]],
        "a GPU's own memory was used up; the machine's memory is another one, and nothing was killed",
    ),
    sign(
        "jvm_refused",
        Refused,
        &[
            &["nsufficient memory for the Java Runtime Environment"],
            &["Native memory allocation (", ") failed to"],
            &["error='Cannot allocate memory' (errno=12)"],
            &["error='Not enough space' (errno=12)"],
        ],
        "the system refused memory to a JVM (a limit of address space, overcommit, or too many mappings), which then ended itself \
         and wrote hs_err_pid*.log; the OOM killer did not end it",
    ),
    sign(
        "jvm_threads",
        Refused,
        &[&["unable to create native thread"], &["unable to create new native thread"]],
        "a JVM could not start a thread: a limit of processes (ulimit -u, pids.max) or of mappings was reached, not the heap; \
         nothing was killed",
    ),
    sign(
        "jvm_heap",
        Limit,
        &[&["OutOfMemoryError: Java heap space"], &["OutOfMemoryError: GC overhead limit exceeded"]],
        "a JVM's heap was full (-Xmx, -XX:MaxRAMPercentage); that is the JVM's own limit, and the kernel killed nothing for it",
    ),
    sign(
        "jvm_metaspace",
        Limit,
        &[
            &["OutOfMemoryError: Metaspace"],
            &["OutOfMemoryError: Compressed class space"],
            &["OutOfMemoryError: PermGen space"],
        ],
        "a JVM's room for classes was full (-XX:MaxMetaspaceSize); that is the JVM's own limit, and the kernel killed nothing for it",
    ),
    sign(
        "jvm_direct_memory",
        Limit,
        &[&["OutOfMemoryError: Direct buffer memory"], &["OutOfMemoryError: Cannot reserve", "direct buffer memory"]],
        "a JVM's direct buffers reached their limit (-XX:MaxDirectMemorySize); the kernel killed nothing for it",
    ),
    sign(
        "jvm_out_of_memory",
        Limit,
        &[&["OutOfMemoryError"]],
        "a JVM reached a limit of its own; the kernel killed nothing for it",
    )
    .without(&["Container killed due to memory usage"]),
    sign(
        "go_out_of_memory",
        Refused,
        &[
            &["fatal error: runtime: out of memory"],
            &["fatal error: runtime: cannot allocate memory"],
            &["runtime: out of memory: cannot allocate"],
            &["fatal error: out of memory"],
        ],
        "the system refused memory to a Go program (a limit of address space, or overcommit), which then ended itself; the OOM \
         killer did not end it",
    ),
    sign(
        "node_heap",
        Limit,
        &[&["JavaScript heap out of memory"], &["Reached heap limit Allocation failed"]],
        "V8's heap in Node.js was full (--max-old-space-size) and the process ended itself; that is V8's own limit, and the OOM \
         killer did not end it",
    ),
    sign(
        "ruby_no_memory",
        Refused,
        &[&["NoMemoryError"], &["[FATAL] failed to allocate memory"]],
        "the system refused memory to a Ruby program, or it asked for an impossible size; nothing was killed",
    ),
    sign(
        "python_memory_error",
        Refused,
        &[&["MemoryError"], &["Unable to allocate", "for an array"]],
        "the system refused memory to a Python program (a limit of address space, overcommit, or one huge request); nothing was \
         killed",
    )
    .without(&["OutOfMemoryError", "NoMemoryError"]),
    sign(
        "php_memory_limit",
        Limit,
        &[&["Allowed memory size of"]],
        "a PHP script reached memory_limit of php.ini and was ended by PHP; the kernel killed nothing for it",
    ),
    sign(
        "php_refused",
        Refused,
        &[&["Out of memory (allocated"]],
        "the system refused memory to PHP, which ended the script; the kernel killed nothing for it",
    ),
    sign(
        "dotnet_out_of_memory",
        Limit,
        &[&["OutOfMemoryException"]],
        ".NET reached its heap limit (DOTNET_GCHeapHardLimit, or three quarters of the container's limit) or was refused memory; \
         the kernel killed nothing for it",
    ),
    sign(
        "rust_refused",
        Refused,
        &[&["memory allocation of", "bytes failed"]],
        "the system refused memory to a Rust program, which then ended itself; the OOM killer did not end it",
    ),
    sign(
        "cpp_bad_alloc",
        Refused,
        &[&["bad_alloc"]],
        "the system refused memory to a C++ program (a limit of address space, overcommit, or one huge request); the OOM killer did \
         not end it",
    ),
    sign(
        "erlang_refused",
        Refused,
        &[&["heap_alloc: Cannot allocate"], &["_alloc: Cannot allocate"]],
        "the system refused memory to Erlang's virtual machine, which ended itself and wrote erl_crash.dump",
    ),
    sign(
        "r_refused",
        Refused,
        &[&["annot allocate vector of size"]],
        "R could not get memory for a vector; nothing was killed",
    ),
];
