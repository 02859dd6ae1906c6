//! Generated clients: people of many places, some companies, and phones in the forms that people type. They are
//! the same in every run.

use domain::{Client, ClientId, ListedClient, Name, NewClient, Notes, Phone, Status, Timestamp};
use rand::{Rng, SeedableRng, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

const FIRST: &str = "Aaliyah Aaron Abdul Abigail Adaeze Adam Adrián Agnieszka Ahmed Aiko Aisha Alejandra Aleksander \
Alessandro Alexander Alice Alicja Amara Amelia Amina Ana Ananya Anastasia André Andrea Anja Anna Antoine Antonio \
Anzhela Arjun Arthur Ashley Astrid Aurora Ayşe Barbara Beatriz Benjamin Birgit Björn Bogdan Bruno Camila Carla Carlos \
Caroline Catherine Chiara Chloé Christopher Chukwu Claire Clément Daniel Daniela David Deepak Diego Dimitrios Dmitri \
Dorota Eduardo Eleanor Elena Elif Elizabeth Emeka Emily Emma Erik Esra Esther Ethan Eva Ewa Fatima Fatou Federico \
Felipe Fernanda Finn Florence Francesco François Freya Gabriel George Gerhard Giulia Giuseppe Grace Grzegorz Guillermo \
Gustavo Hannah Hans Harriet Hassan Heidi Helga Henrik Hiroshi Hugo Ibrahim Ifeoma Ignacio Ines Ingrid Isabella Ivan \
Jacob Jakub James Jan Jean Jessica Joanna João Johannes John Jorge José Joseph Juan Julia Jürgen Kaori Karen Karolína \
Katarzyna Kateřina Kavita Kemal Kenji Kevin Khadija Kwame Lars Laura Léa Leila Leonardo Liam Linh Lorenzo Louise \
Lucas Lucía Ludmila Luis Łukasz Magdalena Mahmoud Małgorzata Manuel Marcin María Mariana Marie Mario Mark Markus Marta \
Martin Mary Mateo Matthew Maximilian Mehmet Mei Mia Michael Michał Miguel Mikhail Milan Mohammed Monika Mustafa Nadia \
Naomi Natalia Nguyen Nia Nicolas Nikolai Nina Noah Noor Nour Olga Oliver Olivia Oluwaseun Omar Oscar Pablo Patricia \
Patrick Paul Paweł Pedro Peter Philippe Pietro Piotr Priya Rachel Rafael Rahul Rana Rebecca Renata Ricardo Richard \
Robert Rohan Rosa Rui Ruth Ryan Sakura Salma Samuel Sandra Sanjay Santiago Sara Sean Sebastian Sergei Sibusiso Simone \
Sofía Sophie Stefan Stéphane Sunita Susan Svetlana Sven Tamar Tatiana Thabo Thandiwe Theodora Thomas Tomáš Tomasz Tuan \
Uchenna Ursula Valentina Vera Victor Viktor Vikram Vincent Wei Wiktoria William Xiao Yara Yasmin Yelena Youssef Yuki \
Yusuf Zainab Zeynep Zofia Zoë Zsófia 伟 芳 さくら 健太 민준 서연 Дмитрий Ольга Γιώργος Ελένη";

const LAST: &str = "Abadi Abdullah Adams Adeyemi Aguilar Ahmed Akhtar Al-Farsi Allen Almeida Alonso Álvarez Amoah \
Andersen Anderson Andersson Antonov Appiah Araújo Arslan Asante Aslan Bakker Balogun Banerjee Barbieri Bauer Becker \
Bell Bennett Berg Bernard Bianchi Björk Blanc Bondarenko Bouchard Brown Bruno Campbell Cardoso Carter Castillo Castro \
Çelik Chakraborty Chan Chatterjee Chaudhry Chen Cheng Chowdhury Christensen Clark Cohen Colombo Conti Cooper Costa \
Cruz Czarnecki Da\u{a0}Silva Dąbrowski Das Davies Davis De\u{a0}Jong De\u{a0}Luca Demir Desai Diallo Díaz Dimitrov Doğan Dubois Duda \
Dvořák Edwards Eriksen Eriksson Esposito Evans Fashola Fernandes Fernández Ferrari Ferreira Fischer Fontaine Fournier \
Fujimoto Gallo García Gashi Georgiou Ghosh Girard Gómez Gonçalves González Gordon Green Greco Grigoryan Guerrero Gupta \
Gutiérrez Haddad Hall Hansen Harris Hassan Hernández Herrera Hill Hoffmann Horváth Hosseini Huang Hughes Hussain Ibrahim \
Inoue Ivanov Iyer Jackson Jansen Janssen Jensen Jiménez Johansen Johansson Johnson Jones Kaczmarek Kamara Kapoor Karlsson \
Kato Kaur Kaya Keller Kelly Khan Khumalo Kim King Kiss Klein Kobayashi Koch Kovač Kovács Kowalczyk Kowalski Kozlov \
Krause Krüger Kumar Lambert Lange Larsen Larsson Lee Lefebvre Lehmann Leroy Lewis Li Lim Lindberg Liu Lombardi López \
Mahlangu Malik Mancini Marino Marques Martin Martínez Martins Masuda Mazur Mbeki Medina Mehta Meier Mendoza Mensah \
Meyer Michel Miller Mitchell Mohamed Moore Morales Moreau Moreno Moretti Morgan Morris Müller Murphy Nagy Nair Nakamura \
Navarro Nel Nelson Németh Nguyễn Nielsen Nikolaidis Nilsson Novák Novotný Nowak Núñez O'Brien O'Connor O'Neill Obi Ochoa \
Okafor Okonkwo Oliveira Olsen Olsson Ortega Ortiz Osei Owusu Öztürk Papadopoulos Park Patel Pedersen Pereira Pérez Perrin \
Petersen Petit Petrov Phạm Phillips Pillai Pinto Popescu Popov Procházka Qureshi Rahman Ramírez Ramos Rao Reddy Reyes \
Ribeiro Ricci Richard Richter Rinaldi Rivera Roberts Robinson Rodrigues Rodríguez Romano Romero Rossi Roux Ruiz Russo \
Şahin Saito Salazar Sánchez Santos Sasaki Sato Schäfer Schmidt Schneider Scholz Schröder Schulz Schwarz Scott Sharma \
Shevchenko Silva Simon Singh Smirnov Smith Sokolov Sørensen Sousa Suárez Suleiman Suzuki Svensson Svoboda Szabó \
Szymański Takahashi Tanaka Taylor Thomas Thompson Tóth Tran Traoré Tremblay Turner Van\u{a0}Dijk Van\u{a0}den\u{a0}Berg Vargas Vasquez \
Vega Verma Vidal Vincent Visser Vitale Volkov Wagner Walker Wallace Wang Ward Watanabe Watson Weber Weiß White Williams \
Wilson Wiśniewski Wójcik Wolf Wong Wood Wright Wu Yamada Yamamoto Yang Yılmaz Young Zając Zhang Zhao Zieliński Zimmermann \
王 李 張 山田 김 박 Иванов Петрова Παπαδάκης";

const TRADE: &str = "Advisory Analytics Automotive Bakery Brewing Builders Capital Catering Cleaning Coffee Components \
Construction Consulting Dental Design Digital Dynamics Electric Energy Engineering Express Farms Finance Fitness Foods \
Freight Furniture Gardens Glass Gráfica Holdings Hotels Immobilien Industries Insurance Interiors Labs Law Logistics \
Machinery Marine Marketing Media Medical Metals Mining Mobility Motors Müllerei Networks Optics Packaging Paper Partners \
Pharma Plumbing Printing Productions Properties Robotics Sécurité Services Shipping Software Solar Solutions Steel \
Studios Supply Systems Textiles Tools Trading Transport Travel Ventures Veterinary Vineyards Wholesale Works";

const FORM: &str = "GmbH Ltd LLC Inc. S.A. S.r.l. AB A/S BV Oy Kft. plc SARL AG Co. & Sons";

/// Syllables of rare last names.
const SYLLABLES: &str = "ab ach ak al am an ar as ba ber bo bra bu ca cha chi co cu da del di do dra du ef ek el en er fa \
fel fi fo fra ga ge gla go gra gu ha hel hi ho hu ib ik il im in is ja jo ju ka ke ki kla ko kra ku la le li lo lu ma me \
mi mo mu na ne ni no nu ob ok ol on or os pa pe pi pla po pra qua ra re ri ro ru sa scha se si ska so sta stro su ta te ti \
to tra tu ub ul um un ur va ve vi vla vo wa we wi wo xa ya ye yo yu za ze zi zo zu";

/// Endings of such last names.
const ENDINGS: &str = "a as berg dis ek ekar er es escu ez i ian idze ini ko lund man mann o off off os ova ović san shvili \
sky son ström ton u ulu wala yan";

/// `count` different clients, the oldest first.
pub(crate) fn clients(count: usize) -> Vec<Client> {
    listed_clients(count).into_iter().map(|listed| listed.client).collect()
}

/// The same clients with notes of `chars` ASCII characters. The notes are words in random order, which compress less
/// than sentences do.
pub(crate) fn clients_with_notes(count: usize, chars: usize) -> Vec<Client> {
    let mut rng = ChaCha8Rng::seed_from_u64(5_000);
    let words: Vec<&str> =
        [FIRST, LAST, TRADE].iter().flat_map(|list| list.split(' ')).filter(|word| word.is_ascii()).collect();
    let mut clients = clients(count);
    for client in &mut clients {
        let mut notes = String::new();
        while notes.len() < chars {
            notes += pick(&mut rng, &words);
            notes.push(' ');
        }
        notes.truncate(chars);
        client.notes = Some(Notes::from_stored(notes));
    }
    clients
}

/// The same clients as the change feed lists them: one in twenty has notes that are too long for it.
pub(crate) fn listed_clients(count: usize) -> Vec<ListedClient> {
    let mut rng = ChaCha8Rng::seed_from_u64(0x00c1_1e17);
    let words = Words::new();
    // Three years of business. Some clients were imported in the same millisecond.
    let step = 3 * 365 * 86_400_000 / count.max(1) as i64;
    let mut created_at = 1_650_000_000_000;
    (0..count)
        .map(|_| {
            created_at += if rng.random_bool(0.1) { 0 } else { rng.random_range(1..=2 * step.max(1)) };
            let version = if rng.random_bool(0.7) { 1 } else { rng.random_range(2..30) };
            let age = if version == 1 { 0 } else { rng.random_range(1_000..20_000_000_000) };
            let id = client_id(&mut rng);
            let name = Name::from_stored(words.name(&mut rng));
            let phone = rng.random_bool(0.92).then(|| Phone::from_stored(phone(&mut rng)));
            let status = if rng.random_bool(0.8) { Status::Active } else { Status::Inactive };
            let (notes, has_long_notes) = match rng.random_range(0..20) {
                0 => (Some(Notes::from_stored("Prefers e-mail. Met at the fair.".to_owned())), false),
                1 => (None, true),
                _ => (None, false),
            };
            let updated_at = Timestamp::from_millis(created_at + age);
            let created_at = Timestamp::from_millis(created_at);
            ListedClient {
                client: Client {
                    phone,
                    status,
                    notes,
                    updated_at,
                    version,
                    ..NewClient::named(name).created(id, created_at)
                },
                has_long_notes,
            }
        })
        .collect()
}

/// `count` clients with names of 20 letters, phones of 16 characters and no notes, for figures of memory.
pub(crate) fn standard_clients(count: usize) -> Vec<ListedClient> {
    let mut rng = ChaCha8Rng::seed_from_u64(20);
    let words = Words::new();
    let mut clients = listed_clients(count);
    for ListedClient { client, has_long_notes } in &mut clients {
        let mut name = String::new();
        while name.chars().count() < 20 {
            name += &words.name(&mut rng).replace(|c: char| !c.is_ascii(), "e");
            name.push(' ');
        }
        client.name = Name::from_stored(name.chars().take(20).collect());
        client.phone = Some(Phone::from_stored(format!(
            "+{} {} {}",
            number(&mut rng, 2),
            number(&mut rng, 3),
            number(&mut rng, 8)
        )));
        client.notes = None;
        *has_long_notes = false;
    }
    clients
}

/// A random identifier.
pub(crate) fn client_id(rng: &mut ChaCha8Rng) -> ClientId {
    uuid::Builder::from_random_bytes(rng.random()).into_uuid().into()
}

/// The parts of names.
pub(crate) struct Words {
    first: Vec<&'static str>,
    last: Vec<&'static str>,
    trade: Vec<&'static str>,
    form: Vec<&'static str>,
    syllables: Vec<&'static str>,
    endings: Vec<&'static str>,
}

impl Words {
    /// Splits the lists above.
    pub(crate) fn new() -> Self {
        // No-break spaces are part of a name.
        let split = |words: &'static str| words.split(' ').filter(|word| !word.is_empty()).collect();
        Self {
            first: split(FIRST),
            last: split(LAST),
            trade: split(TRADE),
            form: split(FORM),
            syllables: split(SYLLABLES),
            endings: split(ENDINGS),
        }
    }

    /// The name of a person or, one time in twelve, of a company.
    pub(crate) fn name(&self, rng: &mut ChaCha8Rng) -> String {
        let name = match rng.random_range(0..12) {
            0 => format!("{} {} {}", self.last(rng), pick(rng, &self.trade), pick(rng, &self.form)),
            1 => {
                format!("{} {} {}", pick(rng, &self.first), pick(rng, &self.first), self.last(rng))
            }
            2 => format!("{}, {}", self.last(rng), pick(rng, &self.first)),
            3 => format!("{} {}-{}", pick(rng, &self.first), self.last(rng), self.last(rng)),
            _ => format!("{} {}", pick(rng, &self.first), self.last(rng)),
        };
        name.replace('\u{a0}', " ")
    }

    fn last(&self, rng: &mut ChaCha8Rng) -> String {
        if rng.random_bool(0.6) {
            // The square makes some names much more frequent than others.
            let at = rng.random::<f64>().powi(2) * self.last.len() as f64;
            return self.last[(at as usize * 7919) % self.last.len()].to_string();
        }
        let syllables = rng.random_range(1..3);
        let stem: String = (0..=syllables).map(|_| pick(rng, &self.syllables)).collect();
        let name = stem + pick(rng, &self.endings);
        let (first, rest) = name.split_at(1);
        first.to_uppercase() + rest
    }
}

impl Default for Words {
    fn default() -> Self {
        Self::new()
    }
}

fn pick(rng: &mut ChaCha8Rng, words: &[&'static str]) -> &'static str {
    words.choose(rng).expect("the list is not empty")
}

fn number(rng: &mut ChaCha8Rng, digits: u32) -> String {
    let first = 10u64.pow(digits - 1);
    rng.random_range(first..first * 10).to_string()
}

fn phone(rng: &mut ChaCha8Rng) -> String {
    let mut n = |digits| number(rng, digits);
    let (a, b, c) = (n(3), n(3), n(4));
    let (mobile, long) = (n(2), n(8));
    match rng.random_range(0..10) {
        0 => format!("+1 {a}-{b}-{c}"),
        1 => format!("({a}) {b}-{c}"),
        2 => format!("+1{a}{b}{c}"),
        3 => format!("+44 7{a} {b}{}", &c[..3]),
        4 => format!("+49 1{mobile} {long}"),
        5 => format!("0{a}/{long}"),
        6 => format!("+33 6 {mobile} {} {} {}", &a[..2], &b[..2], &c[..2]),
        7 => format!("+81-{mobile}-{c}-{}", &long[..4]),
        8 => format!("{a}.{b}.{c} ext. {mobile}"),
        _ => format!("+55 {mobile} 9{c}-{}", &long[..4]),
    }
}
