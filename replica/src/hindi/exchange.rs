//! What is wrong with what a computer sent or asked for, as the server says it: rarely, if a program has a fault or the two
//! are of different ages.

use super::Said;

pub(super) const SAID: &[Said] = &[
    (
        "The server did something with this change that this version of Clinic Desk does not know. The change is kept here and on the server; what became of it shows once Clinic Desk is updated.",
        "सर्वर ने इस बदलाव के साथ कुछ ऐसा किया है जिसे Clinic Desk का यह संस्करण नहीं जानता। बदलाव यहाँ और सर्वर पर रखा है; उसका क्या हुआ, यह Clinic Desk अपडेट होने पर दिखेगा।",
    ),
    // Of a change.
    (
        "This server does not know {table}.{name}; it needs an update.",
        "यह सर्वर {table}.{name} को नहीं जानता; उसे अपडेट चाहिए।",
    ),
    ("This person's role may not write {table}.{name}.", "इस व्यक्ति की भूमिका {table}.{name} नहीं लिख सकती।"),
    ("This change is of no form that can be read.", "यह बदलाव ऐसे रूप में है जो पढ़ा नहीं जा सकता।"),
    ("A change has a name that is too long.", "इस बदलाव का नाम बहुत लंबा है।"),
    (
        "A change is built deeper than any that a person makes.",
        "इस बदलाव की बनावट किसी व्यक्ति के बदलाव से ज़्यादा गहरी है।",
    ),
    (
        "A change has more parts than any that a person makes.",
        "इस बदलाव में किसी व्यक्ति के बदलाव से ज़्यादा हिस्से हैं।",
    ),
    ("A time of day is written like 09:30.", "समय ऐसे लिखा जाता है: 09:30"),
    (
        "A day of death is given of a patient who is said to live.",
        "मृत्यु का दिन लिखा है, पर मरीज़ को जीवित बताया गया है।",
    ),
    (
        "The search form of the first name does not fit the name.",
        "नाम का वह रूप, जिससे खोज होती है, नाम से मेल नहीं खाता।",
    ),
    ("A patient of whom it is asked does not exist here.", "जिस मरीज़ के बारे में पूछा गया है वह यहाँ नहीं है।"),
    (
        "What an entry of the chart is about and where that is do not fit.",
        "दाँतों के चार्ट में जो लिखा है और जिस जगह लिखा है, वे मेल नहीं खाते।",
    ),
    (
        "Surfaces are letters of MOIDBL in that order: O on back teeth, I on front teeth.",
        "सतहें MOIDBL के अक्षरों से, इसी क्रम में लिखी जाती हैं: O पीछे के दाँतों पर, I आगे के दाँतों पर।",
    ),
    ("A file's hash is 64 small hexadecimal digits.", "फ़ाइल का hash 64 छोटे हेक्साडेसिमल अंकों का होता है।"),
    (
        "A short key has small letters, digits, dots, dashes and underscores only.",
        "शॉर्ट कुंजी में केवल छोटे अंग्रेज़ी अक्षर, अंक, बिंदु, डैश और अंडरस्कोर होते हैं।",
    ),
    (
        "A doctor's own key says whose it is, and no other one does.",
        "डॉक्टर की अपनी शॉर्ट कुंजी में लिखा होता है कि वह किसकी है, और किसी दूसरी में नहीं।",
    ),
    ("Another template has this key already.", "इस कुंजी का दूसरा टेम्पलेट पहले से है।"),
    // Of a prescription.
    (
        "A new prescription is a draft or signed; status says otherwise.",
        "नया पर्चा ड्राफ़्ट या हस्ताक्षरित होता है; status में कुछ और लिखा है।",
    ),
    ("doctor_id must be whoever signed.", "doctor_id वही हो जिसने हस्ताक्षर किए।"),
    ("finalised_by must be whoever signed.", "finalised_by वही हो जिसने हस्ताक्षर किए।"),
    ("voided_by must be whoever made it void.", "voided_by वही हो जिसने पर्चा रद्द किया।"),
    (
        "own_signature is not that of whoever signed.",
        "own_signature उसके हस्ताक्षर नहीं हैं जिसने पर्चे पर हस्ताक्षर किए।",
    ),
    (
        "content_sha256 does not fit the prescription: what was signed is not what is stored.",
        "content_sha256 पर्चे से मेल नहीं खाता: जिस पर हस्ताक्षर हुए, वह वही नहीं है जो रखा है।",
    ),
    (
        "superseded_by_id must be a signed prescription for the same patient that amends this one.",
        "superseded_by_id इसी मरीज़ का वह हस्ताक्षरित पर्चा हो जो इसे सुधारता है।",
    ),
    // Of a decision.
    (
        "An item that waits for a person is decided, and nothing else becomes of it.",
        "जो बात किसी व्यक्ति के निर्णय के लिए बाकी है, उस पर केवल निर्णय होता है, और कुछ नहीं।",
    ),
    (
        "A change carries out another decision than the one that was made.",
        "यह बदलाव उस निर्णय के अनुसार नहीं है जो लिया गया।",
    ),
    ("A change carries out a decision that was not made.", "यह बदलाव ऐसे निर्णय का है जो लिया नहीं गया।"),
    (
        "A computer opens no item but that two registrations may be one person.",
        "कंप्यूटर अपनी ओर से केवल यही सवाल उठाता है कि दो पंजीकरण एक ही व्यक्ति के हो सकते हैं।",
    ),
    (
        "A correction says what is right, and nothing else that is decided changes a record.",
        "सुधार में लिखा होता है कि सही क्या है; और कोई निर्णय रिकॉर्ड को नहीं बदलता।",
    ),
    // Of what is sent.
    ("The request is too large; send it in parts.", "यह एक बार में भेजने के लिए बहुत बड़ा है; हिस्सों में भेजें।"),
    ("The server expects number {number} next.", "सर्वर को अब नंबर {number} चाहिए।"),
    ("The body is not the JSON that belongs here.", "जो भेजा गया वह उस रूप में नहीं है जो यहाँ चाहिए।"),
    ("The query is not of the right form.", "सर्वर से जो पूछा गया वह सही रूप में नहीं है।"),
    ("A push is sent plain or with zstd.", "बदलाव सादे रूप में या zstd में भेजे जाते हैं।"),
    ("The body is not one zstd frame.", "जो भेजा गया वह एक zstd फ़्रेम नहीं है।"),
    ("The mutations are not in the device's order.", "बदलाव उस क्रम में नहीं हैं जिसमें कंप्यूटर पर किए गए।"),
    ("A mutation is another device's.", "एक बदलाव दूसरे कंप्यूटर का है।"),
    (
        "A mutation does not say who did it, where, and in which order.",
        "एक बदलाव में नहीं लिखा कि किसने, कहाँ और किस क्रम में किया।",
    ),
    ("A mutation's hash or signature does not fit.", "एक बदलाव का hash या उसके हस्ताक्षर मेल नहीं खाते।"),
    (
        "What stands for the author's own signature is none.",
        "जो करने वाले के अपने हस्ताक्षर की जगह है, वह हस्ताक्षर नहीं है।",
    ),
    ("No mutation has that number.", "उस नंबर का कोई बदलाव नहीं है।"),
    ("The computer's mutations are counted from 1.", "कंप्यूटर के बदलाव 1 से गिने जाते हैं।"),
    ("No bootstrap goes on there.", "पहली बार का डेटा उस जगह से आगे नहीं लाया जा सकता।"),
    ("A bucket is one of a table.", "bucket किसी टेबल का होता है, और टेबल नहीं बताई गई।"),
    (
        "This server did not give this computer that lease.",
        "बिना संपर्क चलने की वह अनुमति इस कंप्यूटर को इस सर्वर ने नहीं दी।",
    ),
    ("This is more than one computer may tell at once.", "एक कंप्यूटर एक बार में इतना नहीं बता सकता।"),
    ("These are more events than one request may bring.", "एक बार में इतनी घटनाएँ नहीं भेजी जा सकतीं।"),
    (
        "An event names a person who has not signed in on this computer.",
        "एक घटना में ऐसे व्यक्ति का नाम है जिसने इस कंप्यूटर पर साइन इन नहीं किया है।",
    ),
    ("An event does not follow the one before it.", "एक घटना अपने से पहले वाली से नहीं जुड़ती।"),
    (
        "These are more ends than one request may ask about.",
        "लॉग की इतनी जगहों के बारे में एक बार में नहीं पूछा जा सकता।",
    ),
    // Of a file.
    ("A piece of a file has 1 to 1048576 bytes.", "फ़ाइल का एक हिस्सा 1 से 1048576 बाइट का होता है।"),
    ("A piece of a file ends within it.", "फ़ाइल का हिस्सा फ़ाइल से आगे नहीं जाता।"),
    ("The file is not as long as that.", "फ़ाइल इतनी लंबी नहीं है।"),
    (
        "These bytes are not the file that the record names; they were thrown away.",
        "जो आया वह रिकॉर्ड वाली फ़ाइल नहीं है, इसलिए उसे नहीं रखा गया।",
    ),
    // Of a computer that is enrolled, recovered, copied or taken out of service.
    ("The unlock key must be 32 bytes in base64.", "खोलने की कुंजी base64 में 32 बाइट की हो।"),
    ("A lane is 1 to 4 capital letters.", "कंप्यूटर के नंबरों के शुरू में 1 से 4 बड़े अंग्रेज़ी अक्षर होते हैं।"),
    ("The platform must be windows, macos or linux.", "प्लेटफ़ॉर्म windows, macos या linux हो।"),
    (
        "The program's version must have 1 to 40 letters, digits and signs.",
        "प्रोग्राम के संस्करण में 1 से 40 अक्षर, अंक और चिह्न हों।",
    ),
    ("The public key is not an Ed25519 key in base64.", "पब्लिक कुंजी base64 में Ed25519 कुंजी नहीं है।"),
    ("The signature does not fit the public key.", "हस्ताक्षर पब्लिक कुंजी से मेल नहीं खाते।"),
    (
        "A computer goes on as what it was, or under another id; not both.",
        "कंप्यूटर या तो अपनी पुरानी पहचान से चलता है या दूसरी से; दोनों से नहीं।",
    ),
    (
        "What this computer was before has another id than its own.",
        "यह कंप्यूटर पहले जो था, उसकी पहचान इसकी अभी की पहचान से अलग होती है।",
    ),
    ("The fingerprint is not one of a recovery code.", "यह किसी रिकवरी कोड का फ़िंगरप्रिंट नहीं है।"),
    ("The moment is not one of the years 1 to 9999.", "समय साल 1 से 9999 के बीच का नहीं है।"),
    (
        "This computer went on, or was taken out of service, since. Try once more.",
        "इस बीच इस कंप्यूटर पर काम आगे बढ़ चुका है, या इसे सेवा से हटाया गया है। एक बार फिर कोशिश करें।",
    ),
    ("This computer was not that one.", "यह कंप्यूटर पहले वह कंप्यूटर नहीं था।"),
    (
        "That computer is in service, and brings what it has itself.",
        "वह कंप्यूटर सेवा में है, और उस पर जो है उसे वह ख़ुद भेजता है।",
    ),
    (
        "This computer went on under both ids. It asks again, for another one.",
        "इस कंप्यूटर पर दोनों पहचानों से काम हुआ है। यह दूसरी पहचान के लिए फिर पूछेगा।",
    ),
    (
        "The past of this computer is not the one that the server knows.",
        "इस कंप्यूटर पर पहले जो हुआ, वह वैसा नहीं है जैसा सर्वर जानता है।",
    ),
    (
        "No copy of this computer was seen. It goes on as it is.",
        "इस कंप्यूटर की कोई कॉपी नहीं दिखी। यह जैसा है वैसा ही चलता है।",
    ),
    ("This computer is in service.", "यह कंप्यूटर सेवा में है।"),
    (
        "A text of the request holds a character that no text has.",
        "भेजे गए टेक्स्ट में ऐसा अक्षर है जो किसी टेक्स्ट में नहीं होता।",
    ),
    ("The body is not the receipt of a computer.", "जो भेजा गया वह किसी कंप्यूटर की रसीद नहीं है।"),
    (
        "The consent is not signed by the computer on which you work.",
        "सहमति पर उस कंप्यूटर के हस्ताक्षर नहीं हैं जिस पर आप काम कर रहे हैं।",
    ),
];
