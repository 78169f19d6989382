//! What is said of a line of the tooth chart, and of its steps.

use super::Said;

pub(super) const SAID: &[Said] = &[
    (
        "Begin with a tooth, such as 36, with ur, ul, ll or lr, upper, lower or mouth.",
        "पहले दाँत लिखें, जैसे 36, या ur, ul, ll, lr, upper, lower या mouth।",
    ),
    (
        "There is no tooth with this number: the first digit is the quadrant, the second the tooth from the middle.",
        "इस नंबर का कोई दाँत नहीं है: पहला अंक क्वाड्रंट है, दूसरा बीच से गिना गया दाँत।",
    ),
    ("Only a tooth has surfaces.", "सतहें केवल दाँत की होती हैं।"),
    ("This is about the whole tooth: leave its surfaces out.", "यह पूरे दाँत के बारे में है: सतहें न लिखें।"),
    ("This is about one tooth: begin with its number.", "यह एक दाँत के बारे में है: पहले उसका नंबर लिखें।"),
    (
        "This code is not known. Some that are: c caries, f filling, x extracted, rct root canal, cr crown; plan before what is to be done.",
        "यह कोड पहचाना नहीं गया। कुछ कोड: c सड़न, f फ़िलिंग, x निकाला हुआ, rct रूट कैनाल, cr क्राउन; जो करना है उसके पहले plan लिखें।",
    ),
    (
        "This grade does not exist: mobility 1 to 3, furcation 1 to 4, pockets and recessions 1 to 20 mm.",
        "यह ग्रेड नहीं होता: हिलना 1 से 3, फ़र्केशन 1 से 4, पॉकेट और मसूड़ा हटना 1 से 20 mm।",
    ),
    (
        "This is too long: a procedure has up to 150 letters, a note up to 2,000.",
        "यह बहुत लंबा है: इलाज के नाम में 150 अक्षर तक, नोट में 2,000 तक।",
    ),
    (
        "The line does not say yet what is there or what is to be done.",
        "लाइन में अभी यह नहीं है कि क्या दिखा या क्या करना है।",
    ),
    ("This is charted already.", "यह चार्ट में पहले से है।"),
    ("Teeth are charted by dentists and nurses.", "दाँतों का चार्ट दंत चिकित्सक और नर्स लिखते हैं।"),
    (
        "Only a dentist says that a procedure was done, or takes that back.",
        "इलाज पूरा हुआ, या नहीं हुआ, यह केवल दंत चिकित्सक लिखते हैं।",
    ),
    (
        "This was changed meanwhile. Nothing was changed now: look at it again first.",
        "इस बीच यह बदला गया। अभी कुछ नहीं बदला: पहले इसे फिर देखें।",
    ),
    (
        "No doctor of the clinic is known on this computer yet. Nothing was added; connect once and try again.",
        "क्लिनिक का कोई डॉक्टर अभी इस कंप्यूटर पर नहीं आया है। कुछ जोड़ा नहीं गया; एक बार नेटवर्क से जोड़ें और फिर कोशिश करें।",
    ),
    ("Surfaces stand before what is done: 36 mo plan f.", "सतहें इलाज से पहले लिखें: 36 mo plan f।"),
];
