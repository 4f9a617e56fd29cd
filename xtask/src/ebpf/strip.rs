//! Takes the DWARF sections out of the object; BTF, which the kernel and the loader read, stays.

use anyhow::{Context as _, Result};
use object::build::elf::{Builder, SectionData};

/// The object without debug sections and without symbols that nothing refers to.
pub(super) fn strip(object: &[u8]) -> Result<Vec<u8>> {
    let mut builder = Builder::read(object).context("the BPF object is not an ELF file")?;
    for section in &mut builder.sections {
        let name = section.name.to_string();
        // The values the relocations of .BTF.ext would add are in place already, and loaders read them there.
        if name.starts_with(".debug_") || name.starts_with(".rel.debug_") || name == ".rel.BTF.ext" {
            section.delete = true;
        }
    }
    builder.delete_orphans();
    name_table(&mut builder);
    drop_local_labels(&mut builder);
    let mut stripped = Vec::new();
    builder.write(&mut stripped).context("cannot write the stripped object")?;
    Ok(stripped)
}

/// LLVM keeps the names of sections and symbols in one table; this writer wants two.
fn name_table(builder: &mut Builder<'_>) {
    if builder.sections.iter().any(|section| matches!(section.data, SectionData::SectionString)) {
        return;
    }
    let table = builder.sections.add();
    table.name = b".shstrtab".as_slice().into();
    table.sh_type = object::elf::SHT_STRTAB;
    table.sh_addralign = 1;
    table.data = SectionData::SectionString;
}

/// FILE symbols hold build paths, and section symbols and labels only served the DWARF sections.
fn drop_local_labels(builder: &mut Builder<'_>) {
    let mut used = Vec::new();
    for section in &builder.sections {
        if let SectionData::Relocation(relocations) = &section.data {
            used.extend(relocations.iter().filter_map(|relocation| relocation.symbol));
        }
    }
    for symbol in &mut builder.symbols {
        let named = matches!(symbol.st_type(), object::elf::STT_FUNC | object::elf::STT_OBJECT);
        if !named && !used.contains(&symbol.id()) {
            symbol.delete = true;
        }
    }
}
