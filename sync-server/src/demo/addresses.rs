//! Where the invented patients live.

/// Streets and their pin code, by clinic.
pub static ADDRESSES: &[&[(&str, &str)]] = &[
    &[
        ("Veera Desai Road, Andheri West", "400053"),
        ("Lokhandwala Complex, Andheri West", "400053"),
        ("J. P. Road, Andheri West", "400058"),
        ("Four Bungalows, Andheri West", "400053"),
        ("Marol Naka, Andheri East", "400059"),
        ("Chakala, Andheri East", "400099"),
        ("Sher-e-Punjab Colony, Andheri East", "400093"),
        ("Yari Road, Versova", "400061"),
        ("S. V. Road, Jogeshwari West", "400102"),
        ("Natwar Nagar, Jogeshwari East", "400060"),
    ],
    &[
        ("Hill Road, Bandra West", "400050"),
        ("Pali Naka, Bandra West", "400050"),
        ("Chapel Road, Bandra West", "400050"),
        ("Carter Road, Bandra West", "400050"),
        ("Kherwadi, Bandra East", "400051"),
        ("Government Colony, Bandra East", "400051"),
        ("Linking Road, Khar West", "400052"),
        ("Khar Danda, Khar West", "400052"),
        ("Dharavi Main Road, Dharavi", "400017"),
        ("Hasanabad Lane, Santacruz West", "400054"),
    ],
];

/// Houses.
pub static BUILDINGS: &[&str] = &[
    "Shanti Niwas",
    "Sai Krupa CHS",
    "Om Sadan",
    "Gulmohar Apartments",
    "Sea Breeze",
    "Laxmi Bhavan",
    "Rose Villa",
    "Navjeevan Society",
    "Silver Oak",
    "Ganesh Chawl",
    "Noor Manzil",
    "Panchsheel",
    "Amrut Kunj",
    "Green Park",
    "Jeevan Jyot",
    "Sagar Darshan",
    "Vrindavan",
    "Ashirwad",
    "Royal Palms",
    "Maitri Heights",
];
