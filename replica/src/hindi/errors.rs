//! What goes wrong on this computer: signing in, its data, the server, setting up, and who may do what.

use super::Said;

pub(super) const SAID: &[Said] = &[
    // What often closes a sentence.
    ("Nothing was changed.", "कुछ बदला नहीं गया।"),
    ("Nothing was changed yet.", "अभी कुछ बदला नहीं गया।"),
    ("Nothing was saved yet.", "अभी कुछ सहेजा नहीं गया।"),
    ("Nothing was decided yet.", "अभी कुछ तय नहीं हुआ।"),
    ("Nothing was tried yet.", "अभी कुछ आज़माया नहीं गया।"),
    ("Nothing was written.", "कुछ लिखा नहीं गया।"),
    ("Nothing was added.", "कुछ जोड़ा नहीं गया।"),
    ("The draft is kept.", "ड्राफ़्ट रखा हुआ है।"),
    // Signing in, and the keys.
    (
        "The e-mail or the password is wrong. Nothing on this computer was changed.",
        "ई-मेल या पासवर्ड ग़लत है। इस कंप्यूटर पर कुछ बदला नहीं गया।",
    ),
    ("The e-mail or the password is wrong.", "ई-मेल या पासवर्ड ग़लत है।"),
    (
        "The old password is wrong, and your password is as it was. Type the old one again; if you have forgotten it, an admin gives you a one-time password.",
        "पुराना पासवर्ड ग़लत है, और आपका पासवर्ड वही है जो पहले था। पुराना फिर लिखें; भूल गए हों तो एडमिन आपको एक बार का पासवर्ड देगा।",
    ),
    (
        "The server does not answer, and a password is changed only with it. Your password is as it was. Connect this computer to the internet and try again.",
        "सर्वर जवाब नहीं दे रहा, और पासवर्ड उसी के साथ बदलता है। आपका पासवर्ड वही है जो पहले था। इस कंप्यूटर को इंटरनेट से जोड़ें और फिर कोशिश करें।",
    ),
    (
        "The change of your password broke off. Nothing of your work was lost. Perhaps the new password holds already: sign in with it as soon as the server answers, and if it is refused, with the old one.",
        "पासवर्ड का बदलना बीच में रुक गया। आपका कोई काम नहीं खोया। शायद नया पासवर्ड लागू हो चुका है: सर्वर के जवाब देते ही उससे साइन इन करें, और वह न लिया जाए तो पुराने से।",
    ),
    (
        "The password is too short. Use at least 12 characters; four ordinary words are good.",
        "पासवर्ड बहुत छोटा है। कम से कम 12 अक्षर लिखें; चार साधारण शब्द अच्छे रहते हैं।",
    ),
    ("The password is too long. Use at most 128 characters.", "पासवर्ड बहुत लंबा है। अधिक से अधिक 128 अक्षर लिखें।"),
    (
        "This password is one that others guess first. Choose four ordinary words instead.",
        "यह पासवर्ड लोग सबसे पहले आज़माते हैं। इसकी जगह चार साधारण शब्द चुनें।",
    ),
    (
        "The password contains the clinic's name, the person's name or the e-mail. Choose words that no one connects with them.",
        "पासवर्ड में क्लिनिक का नाम, व्यक्ति का नाम या ई-मेल है। ऐसे शब्द चुनें जिन्हें कोई उनसे न जोड़े।",
    ),
    ("The new password is the old one. Choose another one.", "नया पासवर्ड पुराना ही है। कोई दूसरा चुनें।"),
    (
        "The server does not answer, and this person has not yet signed in on this computer. Connect it to the internet once and sign in again.",
        "सर्वर जवाब नहीं दे रहा, और इस व्यक्ति ने इस कंप्यूटर पर अभी तक साइन इन नहीं किया है। इसे एक बार इंटरनेट से जोड़ें और फिर साइन इन करें।",
    ),
    (
        "This computer was without contact for {days} days. Connect it to the internet and sign in to open it again. Nothing on it was lost; what waits goes out first.",
        "यह कंप्यूटर {days} दिन से बिना संपर्क के है। फिर खोलने के लिए इसे इंटरनेट से जोड़ें और साइन इन करें। इस पर कुछ नहीं खोया; जो भेजना बाकी है वह पहले जाएगा।",
    ),
    (
        "The server does not answer, and this computer opens only with it. Connect it to the internet and sign in. Nothing on it was lost.",
        "सर्वर जवाब नहीं दे रहा, और यह कंप्यूटर उसके बिना नहीं खुलता। इसे इंटरनेट से जोड़ें और साइन इन करें। इस पर कुछ नहीं खोया।",
    ),
    (
        "What answers is not the server that this computer was set up with, or the server lost its order key. What is stored here is safe; tell whoever runs the server.",
        "जो जवाब दे रहा है वह वह सर्वर नहीं है जिससे यह कंप्यूटर जोड़ा गया था, या सर्वर ने अपनी ऑर्डर कुंजी खो दी है। यहाँ जो रखा है वह सुरक्षित है; सर्वर चलाने वाले को बताएँ।",
    ),
    ("This computer is locked. Sign in to go on.", "यह कंप्यूटर लॉक है। आगे बढ़ने के लिए साइन इन करें।"),
    (
        "This computer belongs to no clinic yet. Enrol it with a code from the clinic's admin.",
        "यह कंप्यूटर अभी किसी क्लिनिक का नहीं है। क्लिनिक के एडमिन से कोड लेकर इसे जोड़ें।",
    ),
    (
        "This computer already belongs to a clinic. What is stored on it was not touched.",
        "यह कंप्यूटर पहले से एक क्लिनिक का है। इस पर जो रखा है उसे छुआ नहीं गया।",
    ),
    (
        "The keyring of this computer is locked, and the key to the clinic's data lies in it. The data is safe; unlock the keyring or sign in to the computer again.",
        "इस कंप्यूटर की कीरिंग लॉक है, और क्लिनिक के डेटा की कुंजी उसी में है। डेटा सुरक्षित है; कीरिंग खोलें, या कंप्यूटर में फिर से साइन इन करें।",
    ),
    (
        "This computer has no keyring, and keys are never kept in a plain file. Install one (on Linux: gnome-keyring or KWallet), sign in to the computer again and start Clinic Desk anew.",
        "इस कंप्यूटर में कीरिंग नहीं है, और कुंजियाँ कभी खुली फ़ाइल में नहीं रखी जातीं। एक कीरिंग लगाएँ (Linux पर: gnome-keyring या KWallet), कंप्यूटर में फिर से साइन इन करें और Clinic Desk फिर से चलाएँ।",
    ),
    (
        "The keyring of this computer has no entry for the clinic's data, perhaps because the computer's account was changed or reset. The data is still here and unchanged; go back to the account in which Clinic Desk was set up, or use the recovery code.",
        "इस कंप्यूटर की कीरिंग में क्लिनिक के डेटा की कुंजी नहीं है, शायद इसलिए कि कंप्यूटर का खाता बदला या रीसेट हुआ। डेटा यहीं है और बदला नहीं है; उस खाते में लौटें जिसमें Clinic Desk तैयार किया गया था, या रिकवरी कोड लिखें।",
    ),
    (
        "This is not the recovery code of this computer, or a later one was made since. Compare the fingerprint on the paper with the one shown here. Nothing was changed.",
        "यह इस कंप्यूटर का रिकवरी कोड नहीं है, या इसके बाद नया बना है। पन्ने के फ़िंगरप्रिंट को यहाँ दिखे फ़िंगरप्रिंट से मिलाएँ। कुछ बदला नहीं गया।",
    ),
    (
        "The keyring of this computer has other keys than those with which the clinic's data was sealed, so its slots do not open here. The data is still here and unchanged; go back to the account and computer in which Clinic Desk was set up, or use the recovery code.",
        "इस कंप्यूटर की कीरिंग में वे कुंजियाँ नहीं हैं जिनसे क्लिनिक का डेटा बंद किया गया था, इसलिए वह यहाँ नहीं खुलता। डेटा यहीं है और बदला नहीं है; उस खाते और कंप्यूटर पर लौटें जिसमें Clinic Desk तैयार किया गया था, या रिकवरी कोड लिखें।",
    ),
    // The data.
    (
        "The file slots.json in the data folder is damaged or missing. The database beside it was not touched. Keep the folder as it is and call support.",
        "डेटा फ़ोल्डर की फ़ाइल slots.json ख़राब है या नहीं है। उसके साथ के डेटाबेस को छुआ नहीं गया। फ़ोल्डर को जैसा है वैसा रखें और सपोर्ट को फ़ोन करें।",
    ),
    (
        "The database is missing from the data folder, and no empty one was made in its place. Keep the folder as it is and call support.",
        "डेटा फ़ोल्डर में डेटाबेस नहीं है, और उसकी जगह ख़ाली नहीं बनाया गया। फ़ोल्डर को जैसा है वैसा रखें और सपोर्ट को फ़ोन करें।",
    ),
    (
        "The database does not open with its key: it is damaged, or of another computer. It was not changed. Keep the folder as it is and call support.",
        "डेटाबेस अपनी कुंजी से नहीं खुलता: वह ख़राब है, या दूसरे कंप्यूटर का है। उसे बदला नहीं गया। फ़ोल्डर को जैसा है वैसा रखें और सपोर्ट को फ़ोन करें।",
    ),
    (
        "The database on this computer is damaged. Nothing more is written to it; keep the folder as it is and call support.",
        "इस कंप्यूटर का डेटाबेस ख़राब है। उसमें अब और कुछ नहीं लिखा जाता; फ़ोल्डर को जैसा है वैसा रखें और सपोर्ट को फ़ोन करें।",
    ),
    (
        "This file is damaged on this computer, and the server does not have it. Nothing else is harmed. If the original is still somewhere, add it again; otherwise call support.",
        "यह फ़ाइल इस कंप्यूटर पर ख़राब है, और सर्वर के पास नहीं है। और कुछ ख़राब नहीं हुआ। मूल फ़ाइल कहीं हो तो उसे फिर जोड़ें; नहीं तो सपोर्ट को फ़ोन करें।",
    ),
    (
        "What came from the server is not the file that the record names, so it was thrown away. Nothing on this computer was changed. Try again; if it stays so, tell whoever runs the server.",
        "सर्वर से जो आया वह रिकॉर्ड वाली फ़ाइल नहीं है, इसलिए उसे नहीं लिया गया। इस कंप्यूटर पर कुछ बदला नहीं गया। फिर कोशिश करें; ऐसा ही रहे तो सर्वर चलाने वाले को बताएँ।",
    ),
    (
        "The data on this computer was written by a newer version of Clinic Desk and was not changed. Install the newer version again.",
        "इस कंप्यूटर का डेटा Clinic Desk के नए संस्करण ने लिखा है और बदला नहीं गया। नया संस्करण फिर लगाएँ।",
    ),
    (
        "The data on this computer must be brought into another form, and another program has it open. Close that program and try again. Nothing was changed.",
        "इस कंप्यूटर के डेटा को नए रूप में लाना है, और दूसरे प्रोग्राम ने उसे खोल रखा है। वह प्रोग्राम बंद करें और फिर कोशिश करें। कुछ बदला नहीं गया।",
    ),
    (
        "The data on this computer could not be brought to this version of Clinic Desk. It was not changed: the version that you had before still opens it. Call support.",
        "इस कंप्यूटर का डेटा Clinic Desk के इस संस्करण में नहीं लाया जा सका। उसे बदला नहीं गया: पहले वाला संस्करण उसे अब भी खोलता है। सपोर्ट को फ़ोन करें।",
    ),
    (
        "This was not saved: the disk of this computer is full or does not answer. All that was saved before is safe; free some space and save again.",
        "यह सहेजा नहीं गया: इस कंप्यूटर की डिस्क भरी है या जवाब नहीं दे रही। पहले जो सहेजा गया वह सुरक्षित है; कुछ जगह ख़ाली करें और फिर सहेजें।",
    ),
    (
        "Nobody was signed in: the disk of this computer is full or does not answer. All that was saved before is safe; free some space and sign in again.",
        "साइन इन नहीं हुआ: इस कंप्यूटर की डिस्क भरी है या जवाब नहीं दे रही। पहले जो सहेजा गया वह सुरक्षित है; कुछ जगह ख़ाली करें और फिर साइन इन करें।",
    ),
    (
        "This is not on this computer. It may have been deleted, or it has not arrived yet.",
        "यह इस कंप्यूटर पर नहीं है। शायद हटाया गया है, या अभी आया नहीं है।",
    ),
    (
        "Something went wrong in this program. What was saved is safe; try again.",
        "इस प्रोग्राम में कुछ गड़बड़ हुई। जो सहेजा गया था वह सुरक्षित है; फिर कोशिश करें।",
    ),
    (
        "This account has no folder for data. Set CLINIC_DESK_DATA to one.",
        "इस खाते में डेटा का फ़ोल्डर नहीं है। CLINIC_DESK_DATA में एक फ़ोल्डर दें।",
    ),
    // The server.
    (
        "The server does not answer. What was saved is safe on this computer; check the connection and the address.",
        "सर्वर जवाब नहीं दे रहा। जो सहेजा गया था वह इस कंप्यूटर पर सुरक्षित है; कनेक्शन और पता देखें।",
    ),
    (
        "What the server answers is longer than it should be. Nothing of it was taken. What is stored here is safe, and the server is asked again by itself; if it stays so, tell whoever runs it.",
        "सर्वर का जवाब ज़रूरत से लंबा है। उसमें से कुछ नहीं लिया गया। यहाँ जो रखा है वह सुरक्षित है, और सर्वर से अपने आप फिर पूछा जाएगा; ऐसा ही रहे तो सर्वर चलाने वाले को बताएँ।",
    ),
    (
        "What the server answers cannot be right: {what*}. Nothing of it was taken. What is stored here is safe, and the server is asked again by itself; if it stays so, tell whoever runs it.",
        "सर्वर का जवाब सही नहीं हो सकता ({what})। उसमें से कुछ नहीं लिया गया। यहाँ जो रखा है वह सुरक्षित है, और सर्वर से अपने आप फिर पूछा जाएगा; ऐसा ही रहे तो सर्वर चलाने वाले को बताएँ।",
    ),
    ("it does not say what became of what was sent", "जो भेजा गया उसका क्या हुआ, यह नहीं बताता"),
    ("it goes on and brings nothing", "चलता जाता है और कुछ नहीं लाता"),
    ("it is at a version that no clinic comes to", "ऐसे संस्करण पर है जहाँ कोई क्लिनिक नहीं पहुँचता"),
    ("it says again and again that its data is another", "बार-बार कहता है कि उसका डेटा दूसरा है"),
    ("it says that more rows remain, and sends none", "कहता है कि और पंक्तियाँ बाकी हैं, और भेजता नहीं"),
    ("it says twice how far it has come", "कहाँ तक आया, यह दो बार कहता है"),
    ("it sends rows of another clinic", "दूसरे क्लिनिक की पंक्तियाँ भेजता है"),
    (
        "it sends rows that it cannot have, or more than were asked for",
        "ऐसी पंक्तियाँ भेजता है जो उसके पास नहीं हो सकतीं, या माँगी गई से ज़्यादा",
    ),
    ("it sends rows that nobody asked for", "ऐसी पंक्तियाँ भेजता है जो किसी ने नहीं माँगीं"),
    ("its rows are not in their order", "उसकी पंक्तियाँ अपने क्रम में नहीं हैं"),
    (
        "The server takes no more in one piece. What was saved is safe and goes out in smaller pieces.",
        "सर्वर एक बार में इससे ज़्यादा नहीं लेता। जो सहेजा गया था वह सुरक्षित है और छोटे हिस्सों में जाएगा।",
    ),
    (
        "The server knows less than this computer, perhaps after it was restored from a backup. What is stored here is safe and was not changed. Tell whoever runs the server: it must begin a new epoch, then every computer brings back what was done on it.",
        "सर्वर के पास इस कंप्यूटर से कम है, शायद उसे बैकअप से वापस लाया गया। यहाँ जो रखा है वह सुरक्षित है और बदला नहीं गया। सर्वर चलाने वाले को बताएँ: उसे नया दौर (epoch) शुरू करना होगा, फिर हर कंप्यूटर अपना किया हुआ वापस लाएगा।",
    ),
    (
        "This computer still differs from the server after its records were fetched again. Nothing here was given up, and it is compared again by itself; if it stays so, call support.",
        "रिकॉर्ड फिर से लाने के बाद भी यह कंप्यूटर सर्वर से अलग है। यहाँ का कुछ छोड़ा नहीं गया, और मिलान अपने आप फिर होगा; फिर भी ऐसा ही रहे तो सपोर्ट को फ़ोन करें।",
    ),
    (
        "This server cannot compare: it is older than Clinic Desk on this computer, and nothing was compared. What was saved is safe and still sent. Tell whoever runs the server to update it.",
        "यह सर्वर मिलान नहीं कर सकता: वह इस कंप्यूटर के Clinic Desk से पुराना है, और कोई मिलान नहीं हुआ। जो सहेजा गया था वह सुरक्षित है और अब भी भेजा जाता है। सर्वर चलाने वाले से कहें कि उसे अपडेट करे।",
    ),
    (
        "The clocks of this computer and of the server do not agree, so the server did not do this. Nothing was changed. Set this computer's clock and try again; if it stays so, tell whoever runs the server.",
        "इस कंप्यूटर और सर्वर की घड़ियाँ नहीं मिलतीं, इसलिए सर्वर ने यह नहीं किया। कुछ बदला नहीं गया। इस कंप्यूटर की घड़ी ठीक करें और फिर कोशिश करें; ऐसा ही रहे तो सर्वर चलाने वाले को बताएँ।",
    ),
    (
        "This is not the address of a server. Example: sync.example.org.",
        "यह सर्वर का पता नहीं है। उदाहरण: sync.example.org",
    ),
    (
        "A server on another computer must be reached by https. Nothing was sent to it.",
        "दूसरे कंप्यूटर के सर्वर तक https से ही जाना होता है। उसे कुछ नहीं भेजा गया।",
    ),
    // Setting up and recovering a computer.
    ("This computer needs a name by which staff know it.", "इस कंप्यूटर को एक नाम चाहिए जिससे स्टाफ़ इसे पहचाने।"),
    ("This computer is being enrolled already.", "यह कंप्यूटर अभी जोड़ा जा रहा है।"),
    (
        "The server is too old to take this computer as what it is. Nothing here was changed.",
        "सर्वर पुराना है और इस कंप्यूटर को इसी रूप में नहीं ले सकता। यहाँ कुछ बदला नहीं गया।",
    ),
    (
        "No password opens this computer without the server, so this needs its recovery code: lock it and sign in, and the code is asked for there.",
        "सर्वर के बिना कोई पासवर्ड इस कंप्यूटर को नहीं खोलता, इसलिए इसका रिकवरी कोड चाहिए: इसे लॉक करके साइन इन करें, वहाँ कोड माँगा जाएगा।",
    ),
    (
        "The keys of this computer are there: sign in with your password.",
        "इस कंप्यूटर की कुंजियाँ मौजूद हैं: अपने पासवर्ड से साइन इन करें।",
    ),
    ("The one-time code is another clinic's.", "यह एक बार का कोड दूसरे क्लिनिक का है।"),
    ("Only an admin makes a recovery code.", "रिकवरी कोड केवल एडमिन बनाता है।"),
    ("Only an admin makes a code for a computer.", "कंप्यूटर के लिए कोड केवल एडमिन बनाता है।"),
    (
        "This computer has no open line to the server, and only the server makes a code for a computer. Connect this computer to the internet and try again in a moment.",
        "यह कंप्यूटर सर्वर से जुड़ा नहीं है, और कंप्यूटर के लिए कोड केवल सर्वर बनाता है। इस कंप्यूटर को इंटरनेट से जोड़ें और थोड़ी देर में फिर कोशिश करें।",
    ),
    ("A recovery code has no \u{201c}{letter}\u{201d}.", "रिकवरी कोड में “{letter}” नहीं होता।"),
    (
        "A recovery code has {count} characters, and these are {there}.",
        "रिकवरी कोड में {count} अक्षर होते हैं, और ये {there} हैं।",
    ),
    (
        "There is a slip in this recovery code: compare it with the paper, character by character.",
        "इस रिकवरी कोड में कहीं भूल है: एक-एक अक्षर पन्ने से मिलाएँ।",
    ),
    ("No recovery code is shown any more. Make another one.", "रिकवरी कोड अब नहीं दिख रहा। दूसरा बनाएँ।"),
    // Who may.
    ("Only doctors, dentists and nurses see this.", "यह केवल डॉक्टर, दंत चिकित्सक और नर्स को दिखता है।"),
    (
        "This computer holds no prescriptions, and does not know who was asked to come again.",
        "इस कंप्यूटर पर पर्चे नहीं रहते, इसलिए इसे पता नहीं कि किसे फिर आने को कहा गया।",
    ),
    (
        "Only a doctor or dentist signs, on a computer for clinical work.",
        "हस्ताक्षर केवल डॉक्टर या दंत चिकित्सक करते हैं, इलाज वाले कंप्यूटर पर।",
    ),
    ("Short keys are written by doctors and dentists.", "शॉर्ट कुंजियाँ डॉक्टर और दंत चिकित्सक लिखते हैं।"),
    ("Medicines are added by doctors and dentists.", "दवाएँ डॉक्टर और दंत चिकित्सक जोड़ते हैं।"),
    ("Only an admin exports what this computer holds.", "इस कंप्यूटर पर जो है उसे केवल एडमिन निर्यात करता है।"),
    ("Only an admin changes the letterhead.", "लेटरहेड केवल एडमिन बदलता है।"),
    (
        "Only doctors, dentists and nurses add files to a record.",
        "रिकॉर्ड में फ़ाइलें केवल डॉक्टर, दंत चिकित्सक और नर्स जोड़ते हैं।",
    ),
    (
        "Two registrations are made one by an admin, a doctor or a dentist. You can propose it to them.",
        "दो पंजीकरणों को एक केवल एडमिन, डॉक्टर या दंत चिकित्सक करते हैं। आप उन्हें प्रस्ताव दे सकते हैं।",
    ),
    (
        "Two registrations are separated by an admin, a doctor or a dentist.",
        "दो पंजीकरणों को अलग केवल एडमिन, डॉक्टर या दंत चिकित्सक करते हैं।",
    ),
    (
        "Allergies and illnesses are written once this computer has reached the server: it was without contact for more than a week. Write them down; nothing was saved.",
        "एलर्जी और बीमारियाँ तब लिखी जाएँगी जब यह कंप्यूटर सर्वर तक पहुँचेगा: एक हफ़्ते से अधिक संपर्क नहीं हुआ। इन्हें कागज़ पर लिख लें; कुछ सहेजा नहीं गया।",
    ),
    (
        "Allergies are written once this computer has reached the server: it was without contact for more than a week. Write them down, and leave these fields as they were.",
        "एलर्जी तब लिखी जाएगी जब यह कंप्यूटर सर्वर तक पहुँचेगा: एक हफ़्ते से अधिक संपर्क नहीं हुआ। इन्हें कागज़ पर लिख लें, और ये खाने जैसे थे वैसे छोड़ दें।",
    ),
];
