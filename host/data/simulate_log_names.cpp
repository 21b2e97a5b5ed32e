#include "host/data/simulate_names.hpp"

namespace segue::data::simulated {
namespace {

using Words = std::vector<std::string_view>;

const Words kFirstNames = {"Ada",    "Bea",   "Callum", "Dara",    "Elliot", "Fern",    "Greta",  "Hollis",
                           "Imogen", "Jonah", "Kezia",  "Lowell",  "Maren",  "Nico",    "Odette", "Perry",
                           "Quinn",  "Rosa",  "Silas",  "Tamsin",  "Ulric",  "Vera",    "Wilma",  "Xenia",
                           "Yara",   "Zeke",  "Anouk",  "Bastian", "Corin",  "Delphine"};
const Words kLastNames = {"Abernathy", "Brook",     "Castellan", "Delacroix", "Eastman",  "Farrow",
                          "Galloway",  "Hartwell",  "Ingram",    "Jessop",    "Kestrel",  "Lockhart",
                          "Marlowe",   "Northcott", "Okafor",    "Pemberton", "Quigley",  "Ravenel",
                          "Sinclair",  "Thorne",    "Underhill", "Vance",     "Whitlock", "Yardley",
                          "Zimmer",    "Adeyemi",   "Bianchi",   "Cho",       "Dubois",   "Eriksen"};

Genre pop() {
  return {.name = "pop",
          .share = 3.0,
          .sound = {.tempo = 118,
                    .energy = 0.68,
                    .valence = 0.58,
                    .danceability = 0.68,
                    .acousticness = 0.18,
                    .instrumentalness = 0.01,
                    .speechiness = 0.06,
                    .loudness = -5.5,
                    .minutes = 3.4,
                    .major = 0.64,
                    .triple = 0.03},
          .adjectives = {"Golden", "Paper", "Sweet", "Electric", "Lucky", "Sugar", "Honest", "Bright", "Summer",
                         "Velvet", "Lonely", "Crystal"},
          .nouns = {"Heart",    "Summer",   "Mirror",    "Secret",    "Kiss",    "Weekend",  "Diary",     "Polaroid",
                    "Balloon",  "Letter",   "Daydream",  "Window",    "Promise", "Postcard", "Butterfly", "Lipstick",
                    "Carousel", "Confetti", "Satellite", "Valentine", "Glitter", "Umbrella", "Tiger",     "Bicycle",
                    "Cherry",   "Firework", "Sunbeam",   "Perfume",   "Runaway", "Birthday", "Mermaid"},
          .first_names = kFirstNames,
          .last_names = kLastNames,
          .artist_patterns = {"%f %l", "%f %l", "%f", "The %a %p", "%a %n", "%f & %f", "%p"},
          .title_patterns = {"%a %n", "My %a %n", "Call Me %f", "%n (Tell Me Again)", "Oh, %f", "You're My %n", "%n",
                             "Don't Lose the %n", "One More %n", "All My %p", "Dancing with %f", "%n Season",
                             "%a Like a %n", "Nobody's %n", "Wait for the %n", "%f in the %n", "I Still Hear the %n",
                             "%n Kind of Love"}};
}

Genre rock() {
  return {
      .name = "rock",
      .share = 2.5,
      .sound = {.tempo = 124,
                .energy = 0.78,
                .valence = 0.50,
                .danceability = 0.50,
                .acousticness = 0.10,
                .instrumentalness = 0.06,
                .speechiness = 0.06,
                .loudness = -6.0,
                .minutes = 3.9,
                .major = 0.68,
                .triple = 0.04},
      .adjectives = {"Broken", "Restless", "Loaded", "Crooked", "Wild", "Rusty", "Burning", "Southern", "Reckless",
                     "Dirty", "Hollow", "Second"},
      .nouns = {"Highway", "Engine",    "Gun",         "Motel",     "Thunder",   "Whiskey", "Radio",   "Gasoline",
                "Riot",    "Alley",     "Outlaw",      "Signal",    "Freight",   "Cannon",  "Diesel",  "Jukebox",
                "Canyon",  "Avalanche", "Hurricane",   "Boulevard", "Razor",     "Tornado", "Coyote",  "Switchblade",
                "Trigger", "Tavern",    "Rattlesnake", "Stadium",   "Amplifier", "Chrome",  "Dynamite"},
      .first_names = kFirstNames,
      .last_names = kLastNames,
      .artist_patterns = {"The %p", "The %a %p", "%a %n", "%l", "%l & the %p", "%n %n", "%f %l Band"},
      .title_patterns = {"%a %n", "%n Road", "Back to the %n", "%a Town", "Run, %f, Run", "%n", "No More %p",
                         "\"%n\" Blues", "The Last %n", "Nothing but %p", "%n in My Hand", "Born on a %n",
                         "%f's Got a %n", "Shake the %n", "%a %n Revival", "Two %p and a %n", "Kick Down the %n",
                         "%n at Midnight"}};
}

Genre electronic() {
  return {.name = "electronic",
          .share = 2.0,
          .sound = {.tempo = 127,
                    .energy = 0.80,
                    .valence = 0.42,
                    .danceability = 0.71,
                    .acousticness = 0.06,
                    .instrumentalness = 0.45,
                    .speechiness = 0.07,
                    .loudness = -6.5,
                    .minutes = 4.8,
                    .major = 0.50,
                    .triple = 0.01},
          .adjectives = {"Neon", "Digital", "Analog", "Infra", "Hyper", "Static", "Liquid", "Modular", "Solar",
                         "Phantom", "Binary", "Mono"},
          .nouns = {"Circuit", "Pulse",      "Grid",     "Voltage", "Sequence", "Laser",   "Drive",     "Matrix",
                    "Signal",  "Vector",     "Prism",    "Kernel",  "Filter",   "Array",   "Orbit",     "Frequency",
                    "Cascade", "Oscillator", "Cathode",  "Plasma",  "Module",   "Photon",  "Horizon",   "Packet",
                    "Reactor", "Synapse",    "Spectrum", "Relay",   "Capsule",  "Antenna", "Transistor"},
          .first_names = kFirstNames,
          .last_names = kLastNames,
          .artist_patterns = {"%a %n", "%n Unit", "%n %d", "DJ %f", "%n vs. %n", "%l", "The %n"},
          .title_patterns = {"%a %n", "%n %d", "%n (Extended Mix)", "%a", "Into the %n", "%n / %n", "%n (%l Remix)",
                             "%a State", "%n: %n", "%n Theory", "Do Not Reset the %n", "%a %n (Dub)", "Running on %n",
                             "%n Bloom", "Memory of a %n", "%n.exe", "After the %n"}};
}

Genre metal() {
  return {.name = "metal",
          .share = 1.2,
          .sound = {.tempo = 132,
                    .energy = 0.94,
                    .valence = 0.30,
                    .danceability = 0.33,
                    .acousticness = 0.01,
                    .instrumentalness = 0.22,
                    .speechiness = 0.10,
                    .loudness = -4.8,
                    .minutes = 5.0,
                    .major = 0.35,
                    .triple = 0.05},
          .adjectives = {"Iron", "Black", "Eternal", "Burning", "Frozen", "Cursed", "Obsidian", "Rotting", "Infernal",
                         "Silent", "Fallen", "Grim"},
          .nouns = {"Throne", "Grave",   "Wolf",    "Blood",    "Abyss",    "Hammer",   "Raven",   "Plague",
                    "Winter", "Serpent", "Crypt",   "Oath",     "Tomb",     "Storm",    "Altar",   "Ruin",
                    "Scythe", "Dragon",  "Gallows", "Blizzard", "Tyrant",   "Chalice",  "Warlock", "Fortress",
                    "Shadow", "Anvil",   "Crow",    "Inferno",  "Monolith", "Catacomb", "Phantom"},
          .first_names = {"Mörk", "Åse", "Ragnvald", "Sigrún", "Thörn", "Ivar"},
          .last_names = {"Blåskog", "Nattsværd", "Frostheim", "Drakström", "Grimmdal"},
          .artist_patterns = {"%a %n", "%n of %n", "%l", "%n%n", "%f", "The %a %n", "%a Altar"},
          .title_patterns = {"%a %n", "%n of the %a %n", "Beneath the %n", "%n and %n", "Hail the %n", "By %n and %n",
                             "%n, Be My %n", "The %n Cometh", "%a Rites, Pt. %d", "Spear of the %n", "%a Is the %n",
                             "Thy %n, My %n", "March of the %a %p", "Where %p Sleep", "%n Unto %n", "Feast of %p",
                             "I Am the %n"}};
}

Genre hip_hop() {
  return {
      .name = "hip hop",
      .share = 2.4,
      .sound = {.tempo = 96,
                .energy = 0.65,
                .valence = 0.52,
                .danceability = 0.76,
                .acousticness = 0.14,
                .instrumentalness = 0.02,
                .speechiness = 0.24,
                .loudness = -6.2,
                .minutes = 3.6,
                .major = 0.54,
                .triple = 0.01},
      .adjectives = {"Young", "Big", "Lil", "Golden", "Heavy", "Fresh", "Real", "Street", "Concrete", "Savage",
                     "Smooth", "Major"},
      .nouns = {"Hustle",   "Crown",  "Block",   "Money",    "Cypher",    "Mic",    "Corner",  "Flow",
                "Legend",   "Paper",  "Dynasty", "Verse",    "Sneaker",   "Throne", "Avenue",  "Beat",
                "Cipher",   "Stoop",  "Diamond", "Champion", "Rooftop",   "Chain",  "Boombox", "Cadillac",
                "Envelope", "Mirror", "Subway",  "Marathon", "Penthouse", "Ledger", "Stereo"},
      .first_names = {"Ace", "Dex", "Kilo", "Nova", "Remy", "Tre", "Zay", "Moze", "Cass", "Jux"},
      .last_names = {"Banks", "Cole", "Denim", "Jackson", "Parks", "Rhymes", "Stacks", "West"},
      .artist_patterns = {"%a %f", "%f %l", "MC %f", "The %n Crew", "%f the %n", "%f $%n", "%n Boyz"},
      .title_patterns = {"%a %n", "%n Talk", "On My %n", "%n (feat. %a %f)", "Back on the %n", "%d Bars", "%n, %n, %n",
                         "Who Got the %n?", "\"%n\" Freestyle", "%n Season", "Came Up from the %n", "No %n, No %n",
                         "%a %n Freestyle", "Tell %f", "%n over Everything", "Still on the %n", "%n Interlude"}};
}

Genre jazz() {
  return {.name = "jazz",
          .share = 0.8,
          .sound = {.tempo = 112,
                    .energy = 0.34,
                    .valence = 0.48,
                    .danceability = 0.53,
                    .acousticness = 0.78,
                    .instrumentalness = 0.42,
                    .speechiness = 0.05,
                    .loudness = -13.5,
                    .minutes = 5.3,
                    .major = 0.55,
                    .triple = 0.14},
          .adjectives = {"Blue", "Midnight", "Slow", "Velvet", "Smoky", "Easy", "Crooked", "Indigo", "Late", "Quiet",
                         "Second", "Uptown"},
          .nouns = {"Avenue",   "Waltz",     "Hour",     "Cigar",     "Stroll",    "Monday",   "Bossa",    "Corner",
                    "Minor",    "Ballad",    "Taxi",     "Parlour",   "Saxophone", "Swing",    "Lantern",  "Rain",
                    "Blossom",  "Promenade", "Harbour",  "Staircase", "Clarinet",  "Martini",  "Moonbeam", "Trolley",
                    "Carousel", "Almanac",   "Overcoat", "Cellar",    "Hourglass", "Magnolia", "Teacup"},
          .first_names = kFirstNames,
          .last_names = kLastNames,
          .artist_patterns = {"%f %l Quartet", "%f %l Trio", "%f %l", "%l, %l & %l", "The %a %n Five", "Orchestra %l"},
          .title_patterns = {"%a %n", "%n for %f", "%f's %n", "The %a %n", "%n in %k", "%a %n Blues", "'Round %f",
                             "So Long, %f", "%n at %d O'Clock", "Take the %n", "%n and I", "One for %f",
                             "The %n Who Knew", "A %n in %k", "Waiting on %f", "%a as a %n", "No %n Tonight"}};
}

Genre classical() {
  return {.name = "classical",
          .share = 0.7,
          .sound = {.tempo = 104,
                    .energy = 0.18,
                    .valence = 0.22,
                    .danceability = 0.28,
                    .acousticness = 0.95,
                    .instrumentalness = 0.82,
                    .speechiness = 0.04,
                    .loudness = -20.5,
                    .minutes = 5.8,
                    .major = 0.60,
                    .triple = 0.28},
          .adjectives = {"Solemn", "Pastoral", "Nocturnal", "Grand", "Little", "Tragic", "Winter", "Spring"},
          .nouns = {"Sonata",     "Prelude", "Nocturne", "Étude",     "Fugue",     "Serenade",
                    "Quartet",    "Suite",   "Elegy",    "Rondo",     "Scherzo",   "Impromptu",
                    "Barcarolle", "Toccata", "Romance",  "Bagatelle", "Chaconne",  "Divertimento",
                    "Overture",   "Cantata", "Pavane",   "Sarabande", "Capriccio", "Berceuse"},
          .first_names = {"Anselm", "Béatrice", "Cornelius", "Dorothea", "Emil", "Františka", "Gísli", "Henriette",
                          "Ignác", "Ludmila"},
          .last_names = {"Brandström", "Chaumière", "Dvorník", "Eschenau", "Fürst", "Gallardi", "Hollós", "Lindqvist",
                         "Ortega", "Śliwiński"},
          .artist_patterns = {"%f %l", "%l Ensemble", "%l Quartet", "%f %l & the %l Philharmonic", "Camerata %l"},
          .title_patterns = {"%n No. %d in %k", "%n in %k", "%n in %k, Op. %d: I. Allegro", "%a %n",
                             "%n in %k, Op. %d: II. Andante", "%d Variations on \"%f\"", "%n for %f",
                             "%n in %k, Op. %d: III. Presto", "%a %n", "%n on a Theme of %l", "%n Concertante in %k",
                             "Book %d: %n in %k", "%n in %k, \"%a\""}};
}

Genre folk() {
  return {
      .name = "folk",
      .share = 1.3,
      .sound = {.tempo = 114,
                .energy = 0.36,
                .valence = 0.44,
                .danceability = 0.50,
                .acousticness = 0.76,
                .instrumentalness = 0.08,
                .speechiness = 0.04,
                .loudness = -11.0,
                .minutes = 3.9,
                .major = 0.76,
                .triple = 0.22},
      .adjectives = {"Old", "Green", "Wandering", "Gentle", "Lonesome", "Autumn", "Hollow", "Barefoot", "Northern",
                     "Quiet", "Mossy", "Amber"},
      .nouns = {"River",     "Willow",  "Harvest", "Meadow",    "Lantern", "Sparrow", "Orchard",  "Ferry",
                "Hearth",    "Valley",  "Bramble", "Cabin",     "Harbor",  "Fiddle",  "Creek",    "Acre",
                "Mountain",  "Thistle", "Kettle",  "Shepherd",  "Plough",  "Candle",  "Sycamore", "Chapel",
                "Blackbird", "Wagon",   "Heather", "Millstone", "Quilt",   "Cottage", "Swallow"},
      .first_names = kFirstNames,
      .last_names = kLastNames,
      .artist_patterns = {"%f %l", "%f & %f", "The %n Family", "%a %n", "%n & %n", "The %l Sisters", "%f of the %n"},
      .title_patterns = {"%a %n", "The %n Song", "%f by the %n", "Down by the %a %n", "Oh %n, Oh %n", "%n Lullaby",
                         "When the %p Come Home", "Farewell, %f %l", "The %a %n", "The %n and the %n", "%f Had a %n",
                         "Seven %p", "My Father's %n", "%n on the Hill", "Sing, Little %n", "The Ballad of %f %l",
                         "Where the %n Runs"}};
}

Genre soul() {
  return {.name = "soul",
          .share = 1.5,
          .sound = {.tempo = 104,
                    .energy = 0.55,
                    .valence = 0.64,
                    .danceability = 0.66,
                    .acousticness = 0.32,
                    .instrumentalness = 0.02,
                    .speechiness = 0.07,
                    .loudness = -7.5,
                    .minutes = 3.9,
                    .major = 0.52,
                    .triple = 0.08},
          .adjectives = {"Sweet", "Tender", "Silk", "Honey", "Sunday", "Midnight", "Cherry", "Higher", "Gentle", "Warm",
                         "True", "Amber"},
          .nouns = {"Love",     "Groove",   "Feeling", "Fire",      "Baby",       "Sugar",    "Touch",     "Tenderness",
                    "Rhythm",   "Devotion", "Satin",   "Glow",      "Temptation", "Believer", "Honeymoon", "Grace",
                    "Sunshine", "Wonder",   "Kiss",    "Melody",    "Shelter",    "Blessing", "Paradise",  "Promise",
                    "Jubilee",  "Embrace",  "Caress",  "Sweetness", "River",      "Smile",    "Dream"},
          .first_names = kFirstNames,
          .last_names = kLastNames,
          .artist_patterns = {"%f %l", "The %a %p", "%f & the %p", "%a %f", "The %l Brothers", "%f %l & the %a %p"},
          .title_patterns = {"%a %n", "Give Me %n", "Can't Stop This %n", "%n Tonight", "Your %n", "%n, %n",
                             "Hold On to %n", "(I Need Your) %n", "%a as %n", "Ain't No %n", "Bring Back the %n",
                             "%n of Mine", "Lord, That %n", "%a %n, Pt. %d", "Lay Down Your %n", "What Is %n?",
                             "%f, Take Your Time"}};
}

Genre latin() {
  return {
      .name = "latin",
      .share = 1.8,
      .sound = {.tempo = 106,
                .energy = 0.72,
                .valence = 0.70,
                .danceability = 0.74,
                .acousticness = 0.24,
                .instrumentalness = 0.01,
                .speechiness = 0.09,
                .loudness = -5.4,
                .minutes = 3.5,
                .major = 0.52,
                .triple = 0.04},
      .adjectives = {"Dulce", "Azul", "Feliz", "Triste", "Caliente", "Salvaje", "Tropical", "Imposible", "Brillante",
                     "Gris"},
      .nouns = {"Corazón",  "Fuego",  "Noche",    "Cielo",    "Mañana",    "Canción", "Verano",   "Camino",
                "Ritmo",    "Sueño",  "Mar",      "Luna",     "Beso",      "Volcán",  "Calle",    "Estrella",
                "Tormenta", "Jardín", "Guitarra", "Carnaval", "Madrugada", "Río",     "Desierto", "Promesa",
                "Abanico",  "Tambor", "Sirena",   "Palmera",  "Espejo",    "Vereda",  "Paloma"},
      .first_names = {"Inés", "Joaquín", "Lucía", "Mateo", "Ramón", "Sofía", "Tomás", "Valentina", "Andrés", "Begoña"},
      .last_names = {"Altamira", "Benítez", "Córdova", "Domínguez", "Escalante", "Ibáñez", "Luján", "Núñez", "Quiñones",
                     "Villarreal"},
      .artist_patterns = {"%f %l", "Los %l", "%f y %f", "Grupo %n", "Son de %n", "%n %a", "Orquesta %l"},
      .title_patterns = {"%n %a", "Mi %n", "¿Dónde Estás, %f?", "%n y %n", "Baila, %f", "Sin %n", "%n de %n", "Tu %n",
                         "Te Doy Mi %n", "%n en %n", "Vuelve, %f", "Con %n", "Por Tu %n", "%n Para Dos", "Sólo %n",
                         "Adiós, %f", "%f Baila Sola"}};
}

Genre j_pop() {
  return {
      .name = "j-pop",
      .share = 1.0,
      .sound = {.tempo = 136,
                .energy = 0.82,
                .valence = 0.60,
                .danceability = 0.56,
                .acousticness = 0.10,
                .instrumentalness = 0.03,
                .speechiness = 0.06,
                .loudness = -4.6,
                .minutes = 4.1,
                .major = 0.66,
                .triple = 0.03},
      .adjectives = {"Starry", "Candy", "Super", "Rainbow", "Mirai", "Tokyo", "Sakura", "Happy", "Moonlit", "Twinkle"},
      .nouns = {"さくら",   "ほし", "なつ",   "ゆめ",   "そら",   "かぜ",   "ひかり", "うた",
                "つき",     "ゆき", "こころ", "あした", "はなび", "あめ",   "みらい", "きせき",
                "たいよう", "にじ", "とけい", "まほう", "てがみ", "ほたる", "うみ",   "まつり"},
      .first_names = {"Aoi", "Haruka", "Kenji", "Miyu", "Ren", "Sora", "Yūto", "Chihiro", "Nao", "Rin"},
      .last_names = {"Asakawa", "Fujimori", "Hoshino", "Kurosawa", "Mizuki", "Ōtani", "Shirai", "Tachibana", "Yukimura",
                     "Kanzaki"},
      .artist_patterns = {"%f %l", "%nの%n", "%a %f", "%n", "%a %n", "%f★%f"},
      .title_patterns = {"%nの%n", "%a %n", "%nと%n", "%n", "%a %a", "さよなら%n", "%n、%n", "%a %d", "Hello, %n",
                         "%nのうた", "%n・%n", "%a %n!", "%nをさがして", "%nになりたい", "また%nで", "%n Days",
                         "はじめての%n"}};
}

Genre ambient() {
  return {.name = "ambient",
          .share = 0.8,
          .sound = {.tempo = 92,
                    .energy = 0.16,
                    .valence = 0.14,
                    .danceability = 0.24,
                    .acousticness = 0.86,
                    .instrumentalness = 0.88,
                    .speechiness = 0.04,
                    .loudness = -19.0,
                    .minutes = 6.2,
                    .major = 0.56,
                    .triple = 0.12},
          .adjectives = {"Distant", "Weightless", "Pale", "Glacial", "Drifting", "Soft", "Tidal", "Lunar", "Submerged",
                         "Faint", "Boreal", "Still"},
          .nouns = {"Shore",     "Mist",     "Horizon", "Snow",      "Field",   "Lake",    "Cloud",    "Dusk",
                    "Tide",      "Fjord",    "Ember",   "Aurora",    "Vapour",  "Haze",    "Garden",   "Echo",
                    "Moss",      "Basin",    "Glacier", "Meridian",  "Lichen",  "Estuary", "Halo",     "Pollen",
                    "Driftwood", "Undertow", "Lagoon",  "Nightfall", "Prairie", "Thaw",    "Stillness"},
          .first_names = {"Søren", "Élise", "Jökull", "Maja", "Aino", "Håkon"},
          .last_names = {"Vík", "Sundström", "Holm", "Lähde", "Ågren", "Fauré-Lund"},
          .artist_patterns = {"%a %n", "%p", "%f %l", "%n of %p", "The %a %n", "%l"},
          .title_patterns = {"%a %n", "%n, %n", "%a", "Above the %n", "%n %d", "%p at Rest", "A %a %n",
                             "What the %n Knew", "%n (for %f)", "%n for an Empty Room", "First %n", "Slowly, the %n",
                             "%n and %n", "Under %a %n", "%n Study %d", "The %n Remains", "Letters to a %n"}};
}

std::string musical_key(Random& random) {
  static constexpr std::string_view kTonics[] = {"C", "D", "E-flat", "E", "F", "G", "A", "B-flat"};
  return std::string(kTonics[random.below(std::size(kTonics))]) + (random.below(2) == 0 ? " major" : " minor");
}

std::string_view pick(const Words& words, Random& random) {
  return words[random.below(static_cast<std::uint32_t>(words.size()))];
}

std::string plural(std::string_view noun) {
  const auto ends_in = [&](std::string_view letters) { return letters.find(noun.back()) != std::string_view::npos; };
  const bool hisses = ends_in("sxz") || noun.ends_with("sh") || noun.ends_with("ch");
  if (ends_in("y") && !noun.ends_with("ey") && !noun.ends_with("ay"))
    return std::string(noun.substr(0, noun.size() - 1)) + "ies";
  return std::string(noun) + (hisses ? "es" : "s");
}

std::string fill(char placeholder, const Genre& genre, Random& random) {
  switch (placeholder) {
    case 'a':
      return std::string(pick(genre.adjectives, random));
    case 'n':
      return std::string(pick(genre.nouns, random));
    case 'p':
      return plural(pick(genre.nouns, random));
    case 'f':
      return std::string(pick(genre.first_names, random));
    case 'l':
      return std::string(pick(genre.last_names, random));
    case 'd':
      return std::to_string(1 + random.below(24));
    default:
      return musical_key(random);
  }
}

}  // namespace

const std::vector<Genre>& genres() {
  static const std::vector<Genre> genres = {pop(),       rock(), electronic(), metal(), hip_hop(), jazz(),
                                            classical(), folk(), soul(),       latin(), j_pop(),   ambient()};
  return genres;
}

std::string invent(const Genre& genre, const std::vector<std::string_view>& patterns, Random& random) {
  const std::string_view pattern = pick(patterns, random);
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%') {
      text += pattern[i];
      continue;
    }
    std::string word = fill(pattern[++i], genre, random);
    for (int attempt = 0; attempt < 3 && text.find(word) != std::string::npos; ++attempt)
      word = fill(pattern[i], genre, random);
    const bool after_article = text == "A " || text.ends_with(" a ");
    if (after_article && std::string_view("AEIOU").find(word.front()) != std::string_view::npos)
      text.insert(text.size() - 1, 1, 'n');
    text += word;
  }
  return text;
}

}  // namespace segue::data::simulated
