//! What people type finds what they mean: one client, the texts that find it and some that do not.

use domain::{Change, ClientId, ListedClient, Name, NewClient, Phone, Timestamp};
use uuid::Uuid;

use crate::{Index, ListParams, Loader, SortBy, oracle};

fn client(name: &str, phone: &str) -> ListedClient {
    let mut new = NewClient::named(Name::from_stored(name.to_owned()));
    new.phone = (!phone.is_empty()).then(|| Phone::from_stored(phone.to_owned()));
    let client = new.created(ClientId::from(Uuid::from_u128(1)), Timestamp::from_millis(0));
    ListedClient { client, has_long_notes: false }
}

fn index(clients: &[ListedClient]) -> Index {
    let mut loader = Loader::default();
    clients.iter().for_each(|client| loader.push(Change::Upsert(client.clone())));
    loader.finish()
}

/// Asserts that each of `found` finds the client and none of `missed` does, in the index and in the oracle.
#[track_caller]
fn check(name: &str, phone: &str, found: &[&str], missed: &[&str]) {
    let clients = [client(name, phone)];
    let index = index(&clients);
    for (queries, total) in [(found, 1), (missed, 0)] {
        for query in queries {
            let params = ListParams { query: Some((*query).to_owned()), ..ListParams::default() };
            let by_index = index.rows(&params).total;
            assert_eq!(by_index, total, "{query:?} ({}) in {name:?}, {phone:?}", query.escape_unicode());
            assert_eq!(oracle::rows(&clients, &params).total, total, "the oracle: {query:?} in {name:?}, {phone:?}");
        }
    }
}

#[track_caller]
fn check_name(name: &str, found: &[&str], missed: &[&str]) {
    check(name, "", found, missed);
}

#[track_caller]
fn check_phone(phone: &str, found: &[&str], missed: &[&str]) {
    check("", phone, found, missed);
}

#[test]
fn the_words_of_a_query_are_found_in_any_order() {
    let found = [
        "doe john",
        "Doe, John",
        "john doe",
        "JOHN",
        "oh",
        "doe,john",
        "  doe  ",
        "doe\u{3000}john",
        "doe，john",
        "doe、john",
        "john john",
        "j o h n d e",
    ];
    check_name("John Doe", &found, &["johndoe", "john x", "doe-john", "john.doe", "johnn"]);
    check("John Doe", "+1 555-1234", &["john 555", "1234, doe", "john +1 555-1234", "555 1234 doe"], &["john 556"]);
    check("Ann 7", "555", &["7 555", "ann 5"], &["7555"]);
}

#[test]
fn a_query_without_words_filters_nothing() {
    check_name("Ann", &["", " ", "\t\u{a0}\u{3000}", ",", ", ，、،"], &[]);
}

#[test]
fn a_query_of_which_folding_leaves_nothing_finds_nothing() {
    let missed =
        ["\u{301}", " \u{301}", "\u{301}\u{308},", "\u{200b}", "\u{64e}", "\u{5b7}", "\u{640}", "\u{fe0f}", "¨"];
    check_name("Ann é עַ مَـ ̈", &[], &missed);
    check_name("Ann", &["ann \u{301}", "\u{200d} ann"], &[]);
}

#[test]
fn phones_are_found_in_any_notation() {
    let found = [
        "555-1234",
        "(555) 1234",
        "5551234",
        "+15551234",
        "555 1234",
        "555.1234",
        "1 (555) 1234",
        "+1",
        "+1 (555) 12-34",
        "5-1",
        "55 51",
        "[555]1234",
        "555/1234",
        "555\\1234",
        "555\u{2011}1234",
        "555–1234",
        "555—1234",
        "555−1234",
        "555‒1234",
        "555\u{a0}1234",
        "555\u{2009}1234",
        "555\u{202f}1234",
        "\u{202a}+1 555-1234\u{202c}",
        "\u{200e}5551234\u{200f}",
        "\u{2066}555\u{2069}1234",
        "5\u{ad}551234",
        "555\u{200b}1234",
        "５５５１２３４",
        "＋１５５５",
        "٥٥٥١٢٣٤",
        "۵۵۵-۱۲۳۴",
        "५५५१२३४",
        "๕๕๕ ๑๒๓๔",
        "001 555 1234",
        "0015551234",
        "(00)1 555",
        "555・1234",
        "555ー1234",
        "555·1234",
        "<555> 1234",
        "｟555｠1234",
        "1-2",
        "-5",
        "5-",
        "(5",
        "+",
        "00",
        "001",
    ];
    check_phone("+1 555-1234", &found, &["+2", "5551235", "555,1235", "+555", "0555", "11234", "005551234"]);
    check_phone("555 1234", &["555-1234", "1234 555", "555, 1234"], &["+1", "+", "+1 555 1234", "15551234", "0"]);
    for phone in [
        "15551234",
        "1 (555) 1234",
        "1.555.1234",
        "1/555/1234",
        "1\u{2010}555\u{2013}1234",
        "1\u{a0}555\u{2003}1234",
        "\u{202d}1\u{202c}5551234",
        "１（５５５）１２３４",
        "١٥٥٥١٢٣٤",
        "1५५५1२३४",
        "1 555﹣1234",
        "1 555–1234",
        "1⁄555∕1234",
    ] {
        check_phone(phone, &["15551234", "555-1234", "(555) 1234", "1 555 1234", "555 12 34"], &["+1", "0015551234"]);
    }
    check_phone("+1 555-1234 ext. 9", &["EXT. 9", "ext9", "1234 ext", "1234ext9", "x"], &["extra", "ext 8"]);
    check_phone("555,,9", &["555 9", "555,9"], &["5559"]);
    check_phone("𝟓𝟓𝟓 ١٢", &["55512", "𝟻𝟻𝟻-12"], &[]);
}

#[test]
fn a_leading_double_zero_is_a_plus() {
    check_phone(
        "+49 151 23",
        &["0049 151", "0049", "+49 151", "0049-151-23", "(0049) 15123", "0 0 49 151", "49"],
        &["049"],
    );
    check_phone("0049 151 23", &["0049", "+49 151", "49151", "00", "+4", "0", "+49", "+4915"], &["+0049", "+151"]);
    check_phone("555-0049", &["0049", "50049", "00", "049"], &["+49", "0049 1", "+"]);
    check_phone("+49 151 / 0044 20", &["0049", "0044", "+49"], &["+44"]);
    check_phone("+1 555 0049 151", &["0049 151", "0049151"], &["+49"]);
    check_phone("٠٠٤٩ ١٥١", &["+49 151", "0049151"], &["+49 152"]);
    // A number is found in phones alone, words in both.
    check("Room 49 151", "0", &["49 151", "151"], &["49151", "+49 151"]);
    check("Room 49151", "", &["49151", "49 151"], &["4 9152"]);
}

#[test]
fn separators_alone_are_text() {
    check_phone("+1 (555) 123-4567", &["-", "(", ")", "( )", "- ("], &[".", "/", "--", "()", ")-", "[", "•"]);
    check_phone("1--2 (3).(4)", &["--", ").(", "(", ".", "–", "—-"], &["---", "()", ".).", ")("]);
    check_phone("1------2", &["----", "------"], &["-------"]);
    check_phone("1・2", &["・"], &["·"]);
    check("Smith-Jones (old)", "", &["-", "(", ")", "–"], &["--", "/", "."]);
}

#[test]
fn marks_are_dropped_from_latin_greek_and_cyrillic_letters() {
    check_name("José Álvarez", &["jose alvarez", "JOSÉ", "Jose\u{301}", "àlvarez"], &["josef"]);
    check_name("Müller", &["muller", "MÜLLER", "mu\u{308}ller"], &["mueller"]);
    check_name("jose", &["José", "jóse\u{300}\u{301}"], &[]);
    check_name("Nguyễn Thị Ngọc Ánh", &["nguyen thi ngoc anh", "nguyê", "ngoc"], &[]);
    check_name("Ơn Ưng", &["on ung"], &[]);
    check_name("Şükrü Çağlayan", &["sukru caglayan"], &[]);
    check_name("Kateřina Dvořáková", &["katerina dvorakova"], &[]);
    check_name("Ελένη Παπαδάκης", &["ελενη", "ΠΑΠΑΔΑΚΗΣ", "παπαδακησ", "παπαδακης", "Ἑλένη"], &[]);
    check_name("Μαΐου ΐ ᾳ", &["μαιου", "ΜΑΪΟΥ", "ι α"], &[]);
    check_name("Фёдор Семёнов", &["федор", "ФЕДОР семенов", "фёдор", "Федо\u{301}р"], &[]);
    check_name("Андрей", &["андрей", "АНДРЕЙ", "андреи\u{306}"], &["андреи"]);
    check_name("Андреи", &[], &["андрей"]);
    check_name("Київ", &["київ", "КИЇВ"], &["киів"]);
    check_name("Воўк", &["воўк"], &["воук"]);
    check_name("Дими́тър", &["димитър", "димѝтър"], &[]);
}

#[test]
fn hebrew_points_and_arabic_vowel_signs_are_dropped() {
    check_name("שָׁלוֹם", &["שלום", "שׁלום", "שָׁל"], &["שלוה"]);
    check_name("שלום", &["שָׁלוֹם", "\u{fb2a}לום"], &[]);
    check_name("מֹשֶׁה כֹּהֵן", &["משה כהן", "כהן"], &[]);
    check_name("مُحَمَّد", &["محمد", "مُحمد", "محـمـد", "ﻣﺤﻤﺪ"], &["محمود"]);
    check_name("محمد", &["مُحَمَّدٌ", "محـــمد"], &[]);
    check_name("أحمد", &["أحمد", "أَحْمَد", "ا\u{654}حمد"], &["احمد", "إحمد"]);
    check_name("آدم", &["آدم", "ا\u{653}دم"], &["ادم"]);
    check_name("رحمٰن", &["رحمن"], &[]);
}

#[test]
fn other_scripts_keep_their_marks() {
    check_name("रीमा", &["रीमा", "री", "मा"], &["राम", "रमा", "रीम\u{940}"]);
    check_name("राम", &["राम"], &["रीमा"]);
    check_name("क़ाज़ी", &["क\u{93c}ाज\u{93c}ी", "क़ाज़ी"], &["काजी"]);
    check_name("कृष्ण", &["कृष्ण", "क\u{943}ष्\u{200d}ण"], &["कष्ण", "कृषण"]);
    check_name("তো", &["ত\u{9c7}\u{9be}"], &["ত\u{9c7}", "তা"]);
    check_name("வேலு", &["வேலு"], &["வலு"]);
    check_name("วิทยวิธี", &["วิทย", "วิธี"], &["วิทยุ", "วทย"]);
    check_name("วิทยุ", &["วิทยุ"], &["วิทยวิธี"]);
    check_name("น้ำ", &["น้ำ", "น\u{e49}\u{e4d}า"], &["นำ"]);
    check_name("ハハ", &["ハハ", "ﾊﾊ"], &["パパ", "バハ", "ﾊﾟﾊﾟ"]);
    check_name("パパ", &["ﾊﾟﾊﾟ", "ハ\u{309a}ハ\u{309a}", "パ"], &["ハハ", "ババ", "ハ"]);
    check_name("ガード", &["ｶﾞｰﾄﾞ", "カ\u{3099}ー"], &["カート", "カ"]);
    check_name("임", &["임", "\u{110b}\u{1175}\u{11b7}"], &["이", "\u{110b}\u{1175}"]);
    check_name("김민준", &["민준", "\u{1106}\u{1175}\u{11ab}", "김"], &["기", "미준"]);
    check_name("中文", &["中", "文"], &["中\u{301}"]);
}

#[test]
fn latin_letters_without_a_decomposition_are_what_people_type() {
    check_name("Łukasz Wałęsa", &["lukasz", "walesa", "ŁUKASZ", "łu"], &[]);
    check_name("Søren Kierkegård", &["soren", "SØREN", "kierkegard"], &["soeren"]);
    check_name("Đỗ Thị Lập", &["do thi lap", "đỗ", "lap do", "ĐỖ"], &[]);
    check_name("Đorđe", &["dorde"], &["djordje"]);
    check_name("Ђорђе", &["ђорђе"], &["dorde", "đorđe"]);
    check_name("Þórður Æsir", &["thordur", "aesir", "þórður", "æ", "ÆSIR"], &["pordur"]);
    check_name("Straße", &["strasse", "STRASSE", "straße", "STRAẞE"], &["strase"]);
    check_name("STRASSE", &["straße"], &[]);
    check_name("Ħamrun Œuvre", &["hamrun", "oeuvre"], &[]);
    check_name("İstanbul Işık", &["istanbul", "ISTANBUL", "isik", "IŞIK", "ışık", "İSTANBUL"], &[]);
    check_name("istanbul", &["İstanbul", "ıstanbul"], &[]);
    check_name("Ŋorn Ŧ Əliyev ĸ", &["ngorn", "t", "eliyev"], &[]);
    check_name("soren aesir", &["Søren", "Æsir"], &[]);
    // Letters that look alike are other letters.
    check_name("Анна", &[], &["Anna"]);
}

#[test]
fn apostrophes_and_dashes_of_all_kinds_are_one() {
    for apostrophe in "'’‘ʼ`´′＇ʻʹ‛".chars() {
        let name = format!("O{apostrophe}Neill");
        check_name(&name, &["o'neill", "o’neill", "O‘NEILL", "oʼneill", "o`neill", "o´neill", "o′neill"], &["oneill"]);
    }
    check_name("Мар’яна", &["мар'яна", "марʼяна"], &[]);
    check_name("ŉ", &["'n", "’N"], &[]);
    check_name("Jean‑Luc", &["jean-luc", "jean–luc", "jean−luc"], &["jeanluc"]);
}

#[test]
fn normal_forms_case_and_invisible_characters_are_ignored() {
    check_name("Ｗｉｄｅ ﾃｽﾄ", &["wide", "WIDE", "テスト", "ｗide"], &[]);
    check_name("Wide", &["ｗｉｄｅ"], &[]);
    check_name("ﬁnance ﬃ ㎏ ①²", &["finance", "FI", "ffi", "kg", "12"], &[]);
    check_name("Σίσυφος", &["σισυφος", "ΣΙΣΥΦΟΣ", "σισυφοσ"], &[]);
    check_name("Zo\u{200b}e\u{301} Mi\u{ad}ller", &["zoe", "miller"], &[]);
    check_name("Anna", &["a\u{200b}nn\u{feff}a", "\u{200e}anna\u{200f}", "an\u{34f}na"], &[]);
    check_name("❤️ 👨‍👩‍👧", &["❤", "❤\u{fe0f}", "👨👩👧", "👩"], &["👩👨"]);
    check_name("می\u{200c}خواهم", &["میخواهم", "می\u{200c}خواهم"], &[]);
    check_name("ﷺ", &["صلى", "ﷺ"], &[]);
    check_name("A\u{2800}B", &["a b", "a"], &["ab"]);
}

#[test]
fn names_are_sorted_by_their_folded_forms() {
    let names = ["Zoë", "Łukasz", "’n", "lukas", "Øre", "Émile", "oz", "Emil", "ёлка", "елка", "ель", "й", "и", "м"];
    let clients: Vec<ListedClient> = names
        .into_iter()
        .zip(1..)
        .map(|(name, id)| {
            let mut client = client(name, "");
            client.client.id = ClientId::from(Uuid::from_u128(id));
            client
        })
        .collect();
    let params = ListParams { sort_by: SortBy::Name, ..ListParams::default() };
    let rows = index(&clients).rows(&params);
    let sorted: Vec<&str> = rows.clients.iter().map(|feed| feed.client.name.as_str()).collect();
    let expected = ["’n", "Emil", "Émile", "lukas", "Łukasz", "Øre", "oz", "Zoë", "ёлка", "елка", "ель", "и", "й", "м"];
    assert_eq!(sorted, expected);
    assert_eq!(rows, oracle::rows(&clients, &params));
}
