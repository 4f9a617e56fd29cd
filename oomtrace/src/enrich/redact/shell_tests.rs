use super::*;

fn divided(text: &str) -> Vec<(&str, Before)> {
    let bytes = text.as_bytes();
    words(bytes, &(0..bytes.len())).into_iter().map(|word| (&text[word.place], word.before)).collect()
}

#[test]
fn words_and_commands() {
    use Before::{Blank, Command, Pipe};
    let expected = [("a", Command), ("b c", Blank), ("d", Command), ("e", Pipe), ("-x'y z'", Blank)];
    assert_eq!(divided("a 'b c'; d | e -x'y z'"), expected);
    assert_eq!(
        divided("x && y || $(z \"q\")").iter().map(|(word, _)| *word).collect::<Vec<_>>(),
        ["x", "y", "z", "q"]
    );
    assert_eq!(
        divided("['mysql', '-px']").iter().map(|(word, _)| *word).collect::<Vec<_>>(),
        ["mysql", "-px"]
    );
    assert_eq!(divided("don't stop").iter().map(|(word, _)| *word).collect::<Vec<_>>(), ["don't", "stop"]);
    assert!(divided(" ;| ").is_empty());
}
