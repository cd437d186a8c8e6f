//! A guess at a text's language, by its script and its commonest words: enough to see that texts in one language are served
//! worse. A library that knows seventy languages by their trigrams has tables that are much of what a CPU module may weigh.

use crate::metrics::sort;

/// Words that must speak for a language …
const FEWEST: usize = 2;
/// … and be ahead of the next one's by this factor.
const AHEAD: usize = 2;

/// By language, short words that are common in it. A word may be in several.
const WORDS: [(&str, &str); 20] = [
    (
        "English",
        "the and of to in is it that was for with on this you are not have be but they my so what at from a i do can me how why will there if when would should an or we all am by as has had did does",
    ),
    ("Spanish", "el la los las de que y en un una es no por con para se del lo muy pero como su más al está"),
    ("French", "le la les de des et en un une est que pas pour dans qui sur ce il je nous vous très mais avec du"),
    ("German", "der die das und ist nicht ein eine zu den mit ich auf für sie es im dem von auch wir sehr aber war"),
    ("Portuguese", "o a os as de que e em um uma é não por com para do da no na se muito mas eu foi são"),
    ("Italian", "il la lo gli le di che e in un una è non per con del della si molto ma sono come questo ho"),
    ("Dutch", "de het een en van is niet dat ik in op te voor met zijn er aan was maar heel ook wij naar"),
    ("Swedish", "och att det som en är inte på jag med för av den till har ett var men mycket vi så"),
    ("Danish", "og det at er en ikke på jeg med for af den til har et var men meget vi så der"),
    ("Norwegian", "og det å er en ikke på jeg med for av den til har et var men veldig vi så som"),
    ("Polish", "nie i w na z się to jest że do o jak ale po co tak bardzo przez od za dla są był"),
    ("Czech", "a je se v na že to s z do jsem ale jako by pro co tak velmi jsou byl není po"),
    ("Turkish", "ve bir bu çok da de için ne ile değil ben var o gibi ama daha olarak en mi kadar"),
    ("Indonesian", "yang dan di ini itu dengan untuk tidak dari saya ada juga bisa sangat ke karena sudah akan pada"),
    ("Javanese", "sing lan ing iki kuwi karo kanggo ora saka aku ana uga iso banget menyang amarga wis bakal neng"),
    ("Vietnamese", "và là của có không cho một tôi này được những với rất trong để người các đã thì mà"),
    ("Romanian", "și de la în nu este o un cu pe care pentru din mai foarte dar sunt a fost ce să"),
    ("Finnish", "ja on ei se että oli hän mutta kun niin myös ovat minä tämä ole jos vain kuin joka"),
    ("Hungarian", "a az és nem hogy is egy van ez de meg volt csak nagyon mint már vagy ki el"),
    ("Tagalog", "ang ng sa na ay at mga ko ito hindi ako si kung para po naman lang may siya"),
];
const CYRILLIC: [(&str, &str); 3] = [
    ("Russian", "и в не на что я с он как это по но из у за от так все был очень мы для"),
    ("Ukrainian", "і в не на що я з він як це по але із у за від так все був дуже ми для є та"),
    ("Bulgarian", "и в не на че аз с той как това по но от за така беше много ние да се е са"),
];

/// `None` for a text without letters; `"unsure"` where the words do not say.
pub fn language(text: &str) -> Option<&'static str> {
    let mut letters = [0; SCRIPTS.len()];
    let mut others = 0;
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        match SCRIPTS.iter().position(|(_, ranges)| ranges.iter().any(|r| r.contains(&(c as u32)))) {
            Some(script) => letters[script] += 1,
            None => others += 1,
        }
    }
    let most = (0..letters.len()).max_by_key(|&i| letters[i]).filter(|&i| letters[i] > 0 && letters[i] >= others);
    let Some(most) = most else { return (others > 0).then_some("unsure") };
    Some(match SCRIPTS[most].0 {
        "Latin" => by_words(text, &WORDS),
        "Cyrillic" => by_words(text, &CYRILLIC),
        // Japanese has more of the Chinese characters than of its own.
        "Chinese" if letters[most - 1] * 10 > letters[most] => "Japanese",
        script => script,
    })
}

fn by_words(text: &str, languages: &[(&'static str, &str)]) -> &'static str {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    // Each once: a letter that is a word somewhere is said often.
    let count = |known: &str| known.split(' ').filter(|known| words.contains(known)).count();
    let mut counts: Vec<(usize, &str)> = languages.iter().map(|(name, known)| (count(known), *name)).collect();
    sort(&mut counts, |a, b| b.cmp(a));
    let [(first, name), (second, _)] = [counts[0], counts[1]];
    if first >= FEWEST && first >= AHEAD * second { name } else { "unsure" }
}

type Ranges = &'static [std::ops::RangeInclusive<u32>];

/// A script, by the one language that is likeliest where it is written in. Japanese is right before Chinese.
const SCRIPTS: [(&str, Ranges); 17] = [
    ("Latin", &[0x41..=0x24f, 0x1e00..=0x1eff]),
    ("Greek", &[0x370..=0x3ff]),
    ("Cyrillic", &[0x400..=0x52f]),
    ("Armenian", &[0x530..=0x58f]),
    ("Hebrew", &[0x590..=0x5ff]),
    ("Arabic", &[0x600..=0x6ff, 0x750..=0x77f, 0xfb50..=0xfdff, 0xfe70..=0xfeff]),
    ("Hindi", &[0x900..=0x97f]),
    ("Bengali", &[0x980..=0x9ff]),
    ("Punjabi", &[0xa00..=0xa7f]),
    ("Gujarati", &[0xa80..=0xaff]),
    ("Tamil", &[0xb80..=0xbff]),
    ("Telugu", &[0xc00..=0xc7f]),
    ("Thai", &[0xe00..=0xe7f]),
    ("Georgian", &[0x10a0..=0x10ff]),
    ("Korean", &[0x1100..=0x11ff, 0xac00..=0xd7af]),
    ("Japanese", &[0x3040..=0x30ff]),
    ("Chinese", &[0x3400..=0x4dbf, 0x4e00..=0x9fff]),
];

#[cfg(test)]
mod tests {
    use super::language;

    #[test]
    fn says_what_the_words_say_and_no_more() {
        for (text, expected) in [
            ("The food was good and they are kind to the guests.", Some("English")),
            ("La comida es muy buena, pero el servicio no está a la altura.", Some("Spanish")),
            ("Das Essen ist sehr gut, aber der Service war nicht schnell.", Some("German")),
            ("Makanan di sini enak dan tidak mahal, saya sangat suka.", Some("Indonesian")),
            ("Panganan ing kene enak banget lan ora larang, aku seneng karo iki.", Some("Javanese")),
            ("Еда была очень вкусной, но мы долго ждали, и это не всё.", Some("Russian")),
            ("食べ物はとても美味しかったです", Some("Japanese")),
            ("食物非常好吃，但是服务很慢", Some("Chinese")),
            ("음식이 정말 맛있었어요", Some("Korean")),
            ("ok", Some("unsure")),
            ("12:30, 5 %", None),
        ] {
            assert_eq!(language(text), expected, "{text}");
        }
    }
}
