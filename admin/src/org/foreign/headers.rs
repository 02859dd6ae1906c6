//! The headers that people's files have, and the parts of a client that they name: in English and the larger European
//! languages, and as Google, Outlook, HubSpot, Salesforce and Apple write them. Headers are compared by their letters
//! and digits alone, without case and accents.

use std::{collections::HashMap, sync::LazyLock};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A kind of phone number, in the order in which one is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PhoneKind {
    Mobile,
    Main,
    Work,
    Home,
    Other,
}

/// The part of a client that a column or a key has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The identifier of the record in its source.
    Id,
    /// The full name.
    Name,
    /// The full name, or the given name if another column has the family name, or the other way round: `Name` beside
    /// `Vorname`, `Nombre` beside `Apellidos`.
    BareName,
    Given,
    Middle,
    Family,
    /// The family name, in a language that puts it first.
    FamilyFirst,
    Suffix,
    Company,
    Phone(PhoneKind),
    /// The kind of the phone number that has the same number (Google).
    PhoneLabel(u8),
    /// A phone number whose kind is in another column.
    PhoneValue(u8),
    /// A number that is not the client's own telephone.
    NoPhone,
    Status,
    Notes,
}

/// The part that a header names.
pub(super) fn part(header: &str) -> Option<Part> {
    let name = normalized(header);
    if let Some(part) = HEADERS.get(&name) {
        return Some(*part);
    }
    if let Some((number, rest)) = name.strip_prefix("phone").and_then(number) {
        match rest {
            "value" => return Some(Part::PhoneValue(number)),
            "label" | "type" => return Some(Part::PhoneLabel(number)),
            _ => {}
        }
    }
    // `Home Phone 2`
    let base = name.trim_end_matches(|c: char| c.is_ascii_digit());
    HEADERS.get(base).copied().filter(|part| matches!(part, Part::Phone(_) | Part::NoPhone | Part::Notes))
}

/// The kind of a phone number that a label names; `None` if it is not the client's telephone.
pub(super) fn phone_kind(label: &str) -> Option<PhoneKind> {
    let label = normalized(label);
    let has = |words: &[&str]| words.iter().any(|word| label.contains(word));
    if has(&["fax", "pager", "beeper", "telex", "modem", "isdn", "tty", "assist", "bbs", "textphone"]) {
        None
    } else if has(&["mobil", "cell", "handy", "iphone", "portable", "movil", "celular"]) {
        Some(PhoneKind::Mobile)
    } else if has(&["main", "pref", "primary", "haupt"]) {
        Some(PhoneKind::Main)
    } else if has(&["work", "business", "office", "arbeit", "geschaft", "company", "firma", "travail", "trabajo"]) {
        Some(PhoneKind::Work)
    } else if has(&["home", "privat", "domicile", "casa"]) {
        Some(PhoneKind::Home)
    } else if label.is_empty() || has(&["phone", "tel", "voice"]) {
        Some(PhoneKind::Main)
    } else {
        Some(PhoneKind::Other)
    }
}

/// The letters and digits of a header, without case and accents.
pub(super) fn normalized(header: &str) -> String {
    let letters = header.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase);
    letters.filter(|c| c.is_alphanumeric()).collect::<String>().replace('ß', "ss").replace('ł', "l").replace('ø', "o")
}

fn number(text: &str) -> Option<(u8, &str)> {
    let (number, rest) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    Some((number.parse().ok()?, rest))
}

static HEADERS: LazyLock<HashMap<String, Part>> = LazyLock::new(|| {
    let of_part = |(part, headers): &(Part, &'static str)| {
        let part = *part;
        headers.split('|').map(move |header| (normalized(header), part))
    };
    SYNONYMS.iter().flat_map(of_part).collect()
});

const SYNONYMS: [(Part, &str); 18] = [
    (
        Part::Id,
        "id|client id|customer id|contact id|record id|person id|account id|uid|uuid|external id|reference|customer \
         number|customer no|client number|client no|kundennummer|kunden-nr|kundennr|kunden-id|numéro client|n° \
         client|code client|id cliente|código cliente|número de cliente|codice cliente|klantnummer|numer klienta",
    ),
    (
        Part::Name,
        "full name|fullname|lead name|guest name|member name|patient name|buyer name|tenant name|recipient name|billing \
         name|shipping name|account holder|customer full name|person name|display name|displayname|client name|customer name|contact name|client|customer|contact|\
         person|full legal name|name of client|file as|formatted name|vollständiger name|kundenname|kunde|\
         anzeigename|kontakt|kontaktname|vor- und nachname|nom complet|nom et prénom|prénom et nom|nom du client|\
         client nom|nom affiché|nombre completo|nombre y apellidos|nombre del cliente|cliente|nome completo|nome e \
         cognome|nome cliente|nome do cliente|volledige naam|klantnaam|klant|weergavenaam|imię i nazwisko|nazwa \
         klienta|klient|fullständigt namn|kundnamn|kund|kundenavn|fulde navn|fullt navn|asiakas|koko nimi|jméno a \
         příjmení|celé jméno|teljes név|ügyfél|ügyfélnév|nume complet|nume client|фио|полное имя|клиент|\
         контрагент|піб|氏名|名前|お名前|姓名|客户|客户名称|성명|고객명",
    ),
    (Part::BareName, "name|név|nom|nombre|nome|naam|namn|navn|nimi|jméno|nume|имя|nazwa|ονομα|이름"),
    (
        Part::Given,
        "first name|given name|forename|christian name|first|vorname|rufname|prénom|primer nombre|nombre de pila|\
         nombres|primeiro nome|voornaam|imię|förnamn|fornavn|etunimi|křestní jméno|prenume|ім'я",
    ),
    (Part::Given, "keresztnév|utónév|tên|名"),
    (
        Part::Middle,
        "middle name|middle|additional name|second name|zweiter vorname|weitere vornamen|deuxième prénom|segundo nombre|secondo nome|отчество|tussenvoegsel",
    ),
    (
        Part::Family,
        "last name|family name|surname|last|nachname|familienname|zuname|nom de famille|apellidos|apellido|primer \
         apellido|cognome|sobrenome|apelido|último nome|achternaam|familienaam|nazwisko|efternamn|etternavn|efternavn|\
         sukunimi|příjmení|nume de familie|фамилия|прізвище|επωνυμο",
    ),
    (Part::FamilyFirst, "vezetéknév|családnév|họ|姓|성"),
    (Part::Suffix, "suffix|name suffix|namenszusatz|honorific suffix"),
    (
        Part::Company,
        "company|company name|organization|organisation|organization name|organisation name|organization 1 - name|\
         business name|business|account|account name|employer|default address company|associated company|firma|firmenname|unternehmen|\
         organisation|société|entreprise|nom de l'entreprise|raison sociale|organisme|empresa|nombre de la empresa|\
         compañía|organización|razón social|azienda|società|ragione sociale|organizzazione|nome da empresa|\
         organização|bedrijf|bedrijfsnaam|organisatie|nazwa firmy|företag|firmanavn|virksomhed|yritys|společnost|\
         cég|cégnév|companie|компания|организация|фирма|会社名|会社|公司|公司名称|회사",
    ),
    (
        Part::Phone(PhoneKind::Mobile),
        "mobile|mobile phone|person phone mobile|mobile number|mobile phone number|mobile no|cell|cell phone|cellphone|cell number|\
         cellular|cellular phone|phone mobile|phone cell|mobile telephone|iphone|whatsapp|whatsapp number|whatsapp \
         phone number|handy|handynummer|mobil|mobiltelefon|mobilnummer|telefon mobil|telefon (mobil)|mobilfunk|\
         portable|téléphone portable|téléphone mobile|tél. portable|tél mobile|tel. mobile|numéro de portable|gsm|\
         móvil|teléfono móvil|tel. móvil|celular|teléfono celular|número de móvil|cellulare|telefono cellulare|\
         numero di cellulare|telemóvel|telefone celular|mobiel|mobiele telefoon|mobiel nummer|mobiel telefoonnummer|\
         telefon komórkowy|komórka|tel. kom.|mobiltelefonnummer|matkapuhelin|telefon mobilní|mobilní telefon|\
         mobilszám|telefon mobil|мобильный|мобильный телефон|сотовый|携帯|携帯電話|手机|手机号|手机号码|휴대폰|\
         휴대전화|핸드폰",
    ),
    (
        Part::Phone(PhoneKind::Main),
        "phone|phone number|phone no|telephone|telephone number|telephone no|tel|tel no|tel number|primary phone|\
         primary phone number|main phone|main number|contact number|contact phone|number|client phone|customer phone|\
         phone main|phone primary|phone numbers|default address phone|person phone|telefon|telefonnummer|rufnummer|telefon-nr|tel.-nr.|haupttelefon|festnetz|téléphone|\
         tél|numéro de téléphone|n° de téléphone|téléphone principal|teléfono|número de teléfono|teléfono principal|\
         telefono|numero di telefono|recapito telefonico|telefone|número de telefone|telefoon|telefoonnummer|numer \
         telefonu|nr telefonu|telefonnr|puhelin|puhelinnumero|telefonní číslo|telefonszám|număr de telefon|телефон|\
         номер телефона|τηλεφωνο|電話|電話番号|电话|电话号码|전화|전화번호|điện thoại|số điện thoại",
    ),
    (
        Part::Phone(PhoneKind::Work),
        "work phone|business phone|person phone work|office phone|work|work number|phone work|phone business|company main phone|company \
         phone|direct phone|direct|daytime phone|telefon geschäftlich|telefon (geschäftlich)|geschäftlich|telefon \
         dienstlich|telefon büro|telefon firma|tel. geschäftlich|geschäftstelefon|téléphone bureau|téléphone \
         (bureau)|téléphone professionnel|tél. professionnel|tél bureau|tél. société|teléfono del trabajo|teléfono \
         trabajo|teléfono de la oficina|teléfono profesional|telefono ufficio|telefono lavoro|telefone comercial|\
         telefone do trabalho|werktelefoon|telefoon (werk)|telefoon werk|zakelijke telefoon|telefon służbowy|\
         arbetstelefon|рабочий телефон",
    ),
    (
        Part::Phone(PhoneKind::Home),
        "home|home phone|home number|person phone home|phone home|home telephone|landline|residence phone|private phone|telefon privat|\
         telefon (privat)|tel. privat|privattelefon|téléphone domicile|téléphone (domicile)|téléphone privé|\
         téléphone personnel|tél. domicile|téléphone fixe|teléfono particular|teléfono de casa|teléfono fijo|\
         telefono casa|telefono abitazione|telefono fisso|telefone residencial|telefone de casa|telefone fixo|\
         telefoon thuis|telefoon (thuis)|huistelefoon|telefon domowy|hemtelefon|домашний телефон",
    ),
    (
        Part::Phone(PhoneKind::Other),
        "other phone|alternate phone|alternative phone|secondary phone|car phone|weiteres telefon|autre téléphone|otro teléfono|altro telefono|outro telefone|overige telefoon",
    ),
    (
        Part::NoPhone,
        "fax|fax number|business fax|home fax|other fax|work fax|phone fax|telefax|faxnummer|fax geschäftlich|fax \
         privat|télécopie|télécopieur|assistant's phone|assistant phone|asst. phone|asst phone|phone assistant|\
         telefon assistent|telefon des assistenten|téléphone de l'assistant(e)|teléfono del ayudante|pager|pager \
         number|isdn|telex|callback|radio phone|tty/tdd phone|tty tdd phone",
    ),
    (
        Part::Status,
        "status|client status|customer status|contact status|status of client|kundenstatus|statut|statut client|\
         statut du client|estado del cliente|estado de cliente|stato cliente|stato del cliente|status do cliente|\
         estado do cliente|klantstatus|status klienta|kundstatus|статус|статус клиента",
    ),
    (
        Part::Notes,
        "notes|note|client notes|customer notes|contact notes|internal notes|comment|comments|remark|remarks|free text|memo|notizen|\
         notiz|bemerkung|bemerkungen|anmerkung|anmerkungen|kommentar|kommentare|remarque|remarques|commentaire|\
         commentaires|nota|notas|observaciones|comentario|comentarios|commento|commenti|annotazioni|observações|\
         observação|comentários|notities|notitie|opmerking|opmerkingen|notatki|notatka|uwagi|anteckningar|\
         anteckning|notater|noter|bemærkninger|muistiinpanot|huomautukset|poznámka|poznámky|megjegyzés|megjegyzések|\
         jegyzet|observații|заметки|примечание|примечания|комментарий|備考|メモ|备注|비고|메모|ghi chú",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_compared_by_letters_and_digits() {
        for header in
            ["Phone Number", "phone_number", "PHONE-NUMBER", "phoneNumber", " Phone  number:", "＊Phone Number"]
        {
            assert_eq!(part(header), Some(Part::Phone(PhoneKind::Main)), "{header}");
        }
        assert_eq!(part("Prenom"), part("Prénom"));
        assert_eq!(part("Prénom".nfd().collect::<String>().as_str()), Some(Part::Given));
        assert_eq!(part("Imię i nazwisko"), Some(Part::Name));
        assert_eq!(part("Telefon geschaftlich"), Some(Part::Phone(PhoneKind::Work)));
    }

    #[test]
    fn numbered_phones_are_phones() {
        assert_eq!(part("Home Phone 2"), Some(Part::Phone(PhoneKind::Home)));
        assert_eq!(part("Phone 1 - Value"), Some(Part::PhoneValue(1)));
        assert_eq!(part("Phone 12 - Label"), Some(Part::PhoneLabel(12)));
        assert_eq!(part("Phone 1 - Type"), Some(Part::PhoneLabel(1)));
        assert_eq!(part("Name 2"), None);
    }

    #[test]
    fn other_columns_are_nobodys() {
        for header in [
            "",
            "Email",
            "Title",
            "Job Title",
            "Address",
            "State",
            "Estado",
            "Lead Status",
            "Email Status",
            "Order status",
            "Marital Status",
            "Company Phone Number of Parent",
            "First Name Phonetic",
            "Postcode",
            "Salutation",
            "Anrede",
        ] {
            assert_eq!(part(header), None, "{header}");
        }
        assert_eq!(part("Assistant's Phone"), Some(Part::NoPhone));
        assert_eq!(part("Business Fax"), Some(Part::NoPhone));
    }

    #[test]
    fn no_header_names_two_parts() {
        let mut seen: HashMap<String, Part> = HashMap::new();
        for (part, headers) in &SYNONYMS {
            for header in headers.split('|') {
                let other = seen.insert(normalized(header), *part);
                assert!(other.is_none_or(|other| other == *part), "{header} is {part:?} and {other:?}");
            }
        }
    }

    #[test]
    fn labels_have_kinds() {
        for (label, kind) in [
            ("* Mobile", Some(PhoneKind::Mobile)),
            ("Work Fax", None),
            ("CELL", Some(PhoneKind::Mobile)),
            ("Main", Some(PhoneKind::Main)),
            ("Work", Some(PhoneKind::Work)),
            ("Home", Some(PhoneKind::Home)),
            ("Pager", None),
            ("Assistant", None),
            ("", Some(PhoneKind::Main)),
            ("Holiday house", Some(PhoneKind::Other)),
        ] {
            assert_eq!(phone_kind(label), kind, "{label}");
        }
    }
}
