//! Why a visit is not booked, or not led on, or has no slip.

use super::Said;

pub(super) const SAID: &[Said] = &[
    ("Nothing was booked.", "कुछ बुक नहीं किया गया।"),
    ("This patient is marked as deceased.", "इस मरीज़ को मृत दर्ज किया गया है।"),
    ("If that is wrong, correct it in their chart first.", "अगर यह ग़लत है, तो पहले उनके चार्ट में इसे ठीक करें।"),
    (
        "The day is not understood, or it is over. Write it like 5d, 2w or 28/11/2026.",
        "दिन समझ नहीं आया, या बीत चुका है। ऐसे लिखें: 5d, 2w या 28/11/2026",
    ),
    (
        "A visit is booked at most two years ahead. Write an earlier day.",
        "विज़िट अधिक से अधिक दो साल आगे की बुक होती है। इससे पहले का दिन लिखें।",
    ),
    (
        "The time is not understood. Write it like 9:30, 17:45 or 5:30 pm.",
        "समय समझ नहीं आया। ऐसे लिखें: 9:30, 17:45 या 5:30 pm",
    ),
    (
        "This time of today is over. Write a later one, or none.",
        "आज का यह समय बीत चुका है। बाद का समय लिखें, या ख़ाली छोड़ें।",
    ),
    (
        "Who is here now is seen today, in turn: leave day and time empty.",
        "जो अभी यहाँ है, उसे आज ही अपनी बारी पर देखा जाता है: दिन और समय ख़ाली छोड़ें।",
    ),
    (
        "This doctor sees no patients here. Choose another one.",
        "यह डॉक्टर यहाँ मरीज़ नहीं देखते। कोई दूसरा डॉक्टर चुनें।",
    ),
    (
        "The doctor has another patient at {time} that day. Choose another time, or none.",
        "उस दिन {time} पर डॉक्टर के पास दूसरा मरीज़ है। दूसरा समय चुनें, या ख़ाली छोड़ें।",
    ),
    ("This patient is with the doctor already.", "यह मरीज़ पहले से डॉक्टर के पास है।"),
    ("This patient waits already.", "यह मरीज़ पहले से इंतज़ार में है।"),
    (
        "This patient waits already, with token {token}. {nothing*}",
        "यह मरीज़ पहले से इंतज़ार में है, टोकन {token}। {nothing}",
    ),
    (
        "This patient is booked with this doctor for that day already.",
        "यह मरीज़ उस दिन के लिए इन डॉक्टर के पास पहले से बुक है।",
    ),
    (
        "This patient is booked with this doctor for that day already, at {time}. {nothing*}",
        "यह मरीज़ उस दिन {time} पर इन डॉक्टर के पास पहले से बुक है। {nothing}",
    ),
    (
        "Somebody came in to you just now. If they are done already, try once more in a moment.",
        "अभी-अभी कोई आपके पास अंदर आया है। अगर उनका काम हो चुका, तो थोड़ी देर में फिर कोशिश करें।",
    ),
    (
        "Another patient was called to this doctor just now. If this one is to come as well, press the key once more in a moment.",
        "अभी-अभी इन डॉक्टर के लिए दूसरे मरीज़ को बुलाया गया है। अगर इन्हें भी आना है, तो थोड़ी देर में कुंजी फिर दबाएँ।",
    ),
    ("Nobody waits for you.", "आपके लिए कोई इंतज़ार में नहीं है।"),
    ("Only a doctor has the next patient come in.", "अगले मरीज़ को केवल डॉक्टर अंदर बुलाते हैं।"),
    ("This visit is booked for {day*}.", "यह विज़िट {day} के लिए बुक है।"),
    ("Move it to today first, or book another one.", "पहले इसे आज पर ले आएँ, या दूसरी विज़िट बुक करें।"),
    ("This visit was of {day*}.", "यह विज़िट {day} की थी।"),
    ("Book another one for today.", "आज के लिए दूसरी विज़िट बुक करें।"),
    (
        "This visit is booked at another clinic. Move it to this one first.",
        "यह विज़िट दूसरे क्लिनिक में बुक है। पहले इसे इस क्लिनिक में ले आएँ।",
    ),
    (
        "A patient has not come once the day is over, or half an hour after their time.",
        "मरीज़ नहीं आया, यह दिन बीतने पर या उसके समय के आधे घंटे बाद माना जाता है।",
    ),
    (
        "This cannot be done with this visit as it is now: perhaps somebody else was quicker. Look at the day again.",
        "यह विज़िट अभी जैसी है, उसके साथ यह नहीं हो सकता: शायद कोई और पहले कर चुका। दिन को फिर से देखें।",
    ),
    ("This visit has changed meanwhile: it is booked.", "इस बीच यह विज़िट बदल गई है: यह बुक है।"),
    (
        "This visit has changed meanwhile: the patient has confirmed it.",
        "इस बीच यह विज़िट बदल गई है: मरीज़ ने आना पक्का किया है।",
    ),
    (
        "This visit has changed meanwhile: the patient is here and waits.",
        "इस बीच यह विज़िट बदल गई है: मरीज़ यहाँ है और इंतज़ार में है।",
    ),
    (
        "This visit has changed meanwhile: the patient is with the doctor.",
        "इस बीच यह विज़िट बदल गई है: मरीज़ डॉक्टर के पास है।",
    ),
    ("This visit has changed meanwhile: it is finished.", "इस बीच यह विज़िट बदल गई है: यह पूरी हो चुकी है।"),
    (
        "This visit has changed meanwhile: the patient left without being seen.",
        "इस बीच यह विज़िट बदल गई है: मरीज़ बिना दिखाए चले गए।",
    ),
    ("This visit has changed meanwhile: it is cancelled.", "इस बीच यह विज़िट बदल गई है: यह रद्द है।"),
    (
        "This visit has changed meanwhile: it was moved.",
        "इस बीच यह विज़िट बदल गई है: इसका समय या डॉक्टर बदला गया।",
    ),
    ("This visit has changed meanwhile: the patient did not come.", "इस बीच यह विज़िट बदल गई है: मरीज़ नहीं आए।"),
    (
        "This visit has changed meanwhile: it was marked as a mistake.",
        "इस बीच यह विज़िट बदल गई है: इसे ग़लती से लिखी हुई माना गया।",
    ),
    ("Look at the day again before you go on.", "आगे बढ़ने से पहले दिन को फिर से देखें।"),
    ("Nothing was printed.", "कुछ छापा नहीं गया।"),
    (
        "This visit has no token yet: one is given when the patient is here.",
        "इस विज़िट का अभी कोई टोकन नहीं है: टोकन मरीज़ के आने पर मिलता है।",
    ),
    ("This patient does not wait here now.", "यह मरीज़ अभी यहाँ इंतज़ार में नहीं है।"),
    ("The slip could not be drawn.", "पर्ची नहीं बनाई जा सकी।"),
    ("The print dialog did not open.", "छापने की विंडो नहीं खुली।"),
    ("The token holds: tell it to the patient.", "टोकन मान्य है: मरीज़ को बता दें।"),
];
