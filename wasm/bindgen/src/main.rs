//! `postseal-wasm-bindgen IN.wasm OUT_DIR NAME`: the JavaScript, the types and the module that a web page loads.
use std::path::Path;
use std::process::ExitCode;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [input, folder, name] = arguments.as_slice() else {
        eprintln!("usage: postseal-wasm-bindgen IN.wasm OUT_DIR NAME");
        return ExitCode::FAILURE;
    };
    let mut bindgen = Bindgen::new();
    let written = bindgen
        .input_path(input)
        .out_name(name)
        .typescript(true)
        .omit_default_module_path(true)
        // After a trap the module is made anew.
        .reset_state_function(true)
        .web(true)
        .and_then(|bindgen| bindgen.generate(Path::new(folder)))
        .map_err(|error| format!("{error:?}"))
        .and_then(|()| {
            complete(&Path::new(folder).join(name).with_extension("d.ts")).map_err(|error| error.to_string())
        });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Has the types say what they need: whoever uses them may have no library that knows `Symbol.dispose`.
fn complete(types: &Path) -> std::io::Result<()> {
    let written = std::fs::read_to_string(types)?;
    std::fs::write(types, format!("/// <reference lib=\"esnext.disposable\" />\n{written}"))
}
