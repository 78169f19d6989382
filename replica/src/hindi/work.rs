//! What goes wrong with the work: patients, prescriptions, the clinic's own lists, files, and what waits for a person.

use super::Said;

pub(super) const SAID: &[Said] = &[
    // Patients and their allergies.
    (
        "The mobile number is not complete. An Indian number has ten digits and begins with 6 to 9.",
        "मोबाइल नंबर पूरा नहीं है। भारतीय नंबर में दस अंक होते हैं और वह 6 से 9 से शुरू होता है।",
    ),
    ("The mobile number is not complete.", "मोबाइल नंबर पूरा नहीं है।"),
    ("The first name is missing.", "नाम नहीं लिखा है।"),
    ("The date of birth is not a day in the past.", "जन्मतिथि बीता हुआ दिन नहीं है।"),
    ("The day of death is not a day in the past.", "मृत्यु का दिन बीता हुआ दिन नहीं है।"),
    ("The day of death is before the patient was born.", "मृत्यु का दिन मरीज़ के जन्म से पहले का है।"),
    ("The age or the date of birth is missing.", "उम्र या जन्मतिथि नहीं लिखी है।"),
    (
        "To which substances is the patient allergic? Add each of them.",
        "मरीज़ को किन चीज़ों से एलर्जी है? हर एक जोड़ें।",
    ),
    (
        "The first day of the last period is not a day in the past.",
        "आख़िरी माहवारी का पहला दिन बीता हुआ दिन नहीं है।",
    ),
    ("To what is the patient allergic?", "मरीज़ को किससे एलर्जी है?"),
    (
        "{substance} is noted already. Change that entry instead; nothing was saved.",
        "{substance} पहले से लिखी है। उसी को बदलें; कुछ सहेजा नहीं गया।",
    ),
    (
        "Allergies are noted. Mark each first as passed or as an error; nothing was changed.",
        "एलर्जी लिखी हुई हैं। पहले हर एक को “नहीं रही” या “ग़लती” करें; कुछ बदला नहीं गया।",
    ),
    (
        "Allergies are written among the warnings. Take them out there first; nothing was changed.",
        "चेतावनियों में एलर्जी लिखी हुई हैं। पहले उन्हें वहाँ से हटाएँ; कुछ बदला नहीं गया।",
    ),
    ("At most {count} long illnesses are kept.", "अधिक से अधिक {count} पुरानी बीमारियाँ रखी जाती हैं।"),
    ("These two are one patient already.", "ये दोनों पहले से एक ही मरीज़ हैं।"),
    (
        "It was decided already whether these two are one patient. An admin, a doctor or a dentist can still make them one in the chart.",
        "ये दोनों एक ही मरीज़ हैं या नहीं, यह पहले ही तय हो चुका है। एडमिन, डॉक्टर या दंत चिकित्सक अब भी चार्ट में इन्हें एक कर सकते हैं।",
    ),
    ("This registration stands for itself already.", "यह पंजीकरण पहले से अलग है।"),
    // Prescriptions.
    (
        "Nothing was signed yet: {line} is held by a safety check. Replace it, remove it, give a reason to keep it, or sign without it.",
        "अभी हस्ताक्षर नहीं हुए: {line} को सुरक्षा जाँच ने रोका है। उसे बदलें, हटाएँ, रखने का कारण दें, या उसके बिना हस्ताक्षर करें।",
    ),
    (
        "There is nothing to give to the doctor yet: write down what was measured or what the patient says.",
        "डॉक्टर को देने के लिए अभी कुछ नहीं है: जो नापा गया या जो मरीज़ बताए वह लिखें।",
    ),
    (
        "This draft replaces a signed prescription: whoever began it signs it.",
        "यह ड्राफ़्ट एक हस्ताक्षरित पर्चे की जगह लेगा: जिसने शुरू किया वही हस्ताक्षर करे।",
    ),
    (
        "Only doctors, dentists and nurses prepare a prescription, on a computer for clinical work.",
        "पर्चा केवल डॉक्टर, दंत चिकित्सक और नर्स तैयार करते हैं, इलाज वाले कंप्यूटर पर।",
    ),
    (
        "No doctor of the clinic is known on this computer yet. The draft is kept; connect once and give it again.",
        "क्लिनिक का कोई डॉक्टर अभी इस कंप्यूटर पर नहीं आया है। ड्राफ़्ट रखा हुआ है; एक बार नेटवर्क से जोड़ें और फिर से दें।",
    ),
    ("Nothing more is prepared for this patient.", "इस मरीज़ के लिए और कुछ तैयार नहीं है।"),
    (
        "What {name} prepared at {time}, {day*} was taken back.",
        "{name} ने {day} को {time} पर जो तैयार किया था, वह वापस ले लिया गया।",
    ),
    (
        "What {name} prepared at {time}, {day*} is of another patient.",
        "{name} ने {day} को {time} पर जो तैयार किया था, वह दूसरे मरीज़ का है।",
    ),
    (
        "What {name} prepared at {time} was taken back.",
        "{name} ने {time} पर जो तैयार किया था, वह वापस ले लिया गया।",
    ),
    (
        "What {name} prepared at {time} is of another patient.",
        "{name} ने {time} पर जो तैयार किया था, वह दूसरे मरीज़ का है।",
    ),
    ("Look through the draft, then sign again.", "ड्राफ़्ट को देख लें, फिर दोबारा हस्ताक्षर करें।"),
    ("Look through the draft, then give it again.", "ड्राफ़्ट को देख लें, फिर दोबारा दें।"),
    (
        "These letters cannot be printed and would be empty boxes on paper: {letters}.",
        "ये अक्षर छप नहीं सकते, काग़ज़ पर इनकी जगह खाली डिब्बे आएँगे: {letters}।",
    ),
    ("Change them, or sign again as it is.", "इन्हें बदलें, या ऐसे ही दोबारा हस्ताक्षर करें।"),
    ("Two entries differ on this patient's age.", "इस मरीज़ की उम्र दो जगह अलग-अलग लिखी है।"),
    ("Two entries differ on this patient's sex.", "इस मरीज़ का लिंग दो जगह अलग-अलग लिखा है।"),
    ("Two entries differ on this patient's mobile number.", "इस मरीज़ का मोबाइल नंबर दो जगह अलग-अलग लिखा है।"),
    ("Two entries differ on this patient's name.", "इस मरीज़ का नाम दो जगह अलग-अलग लिखा है।"),
    ("It is not printed until it is decided under To review.", "जब तक “निर्णय के लिए” में तय न हो, यह नहीं छपेगा।"),
    (
        "The paper says {name} until it is decided under To review.",
        "जब तक “निर्णय के लिए” में तय न हो, काग़ज़ पर {name} छपेगा।",
    ),
    ("Decide it first, or sign again as it is.", "पहले इसे तय करें, या ऐसे ही दोबारा हस्ताक्षर करें।"),
    (
        "{name} was stopped in the prescription that this draft was taken from.",
        "जिस पर्चे से यह ड्राफ़्ट लिया गया, उसमें {name} बंद की गई है।",
    ),
    (
        "Remove its line, or take it up again in the chart first.",
        "उसकी लाइन हटाएँ, या पहले चार्ट में उसे फिर से शुरू करें।",
    ),
    ("Nothing was signed.", "हस्ताक्षर नहीं हुए।"),
    ("Nothing was given.", "कुछ भी दिया नहीं गया।"),
    ("This was taken back already.", "यह पहले ही वापस लिया जा चुका है।"),
    (
        "There is nothing to sign yet: add a medicine, a test or advice.",
        "हस्ताक्षर के लिए अभी कुछ नहीं है: दवा, जाँच या सलाह जोड़ें।",
    ),
    (
        "When to come back is not understood. Write it like 5d, 2w or 28/11/2026.",
        "कब फिर आएँ, यह समझ नहीं आया। ऐसे लिखें: 5d, 2w या 28/11/2026",
    ),
    (
        "To come back is asked for at most two years from now. Write an earlier day.",
        "फिर आने का दिन अधिक से अधिक दो साल बाद का हो सकता है। इससे पहले का दिन लिखें।",
    ),
    (
        "The clinic's data has not arrived yet. The draft is kept; connect once and sign again.",
        "क्लिनिक का डेटा अभी नहीं आया। ड्राफ़्ट रखा हुआ है; एक बार नेटवर्क से जोड़ें और फिर हस्ताक्षर करें।",
    ),
    (
        "Your registration number has not arrived on this computer yet. The draft is kept; connect once and sign again.",
        "आपका पंजीकरण नंबर अभी इस कंप्यूटर पर नहीं आया। ड्राफ़्ट रखा हुआ है; एक बार नेटवर्क से जोड़ें और फिर हस्ताक्षर करें।",
    ),
    (
        "A draft of this patient waits. Sign it or discard it first; nothing was changed.",
        "इस मरीज़ का एक ड्राफ़्ट बाकी है। पहले उस पर हस्ताक्षर करें या उसे छोड़ें; कुछ बदला नहीं गया।",
    ),
    (
        "A draft is open for this patient. Sign or discard it first; the refused prescription waits.",
        "इस मरीज़ का एक ड्राफ़्ट खुला है। पहले उस पर हस्ताक्षर करें या उसे छोड़ें; अस्वीकृत पर्चा तब तक रुका रहेगा।",
    ),
    ("Why is it void?", "इसे क्यों रद्द किया जा रहा है?"),
    ("Why is it stopped?", "इसे क्यों बंद किया जा रहा है?"),
    ("This medicine was stopped already.", "यह दवा पहले ही बंद की जा चुकी है।"),
    ("This medicine was not stopped.", "यह दवा बंद नहीं की गई थी।"),
    (
        "Only a doctor or dentist stops a medicine, on a computer for clinical work.",
        "दवा केवल डॉक्टर या दंत चिकित्सक बंद करते हैं, इलाज वाले कंप्यूटर पर।",
    ),
    ("This prescription was replaced or made void already.", "यह पर्चा पहले ही बदला या रद्द किया जा चुका है।"),
    (
        "Another doctor signed the prescription that this one replaces. Write why it is amended. Nothing was signed yet.",
        "यह ड्राफ़्ट जिस पर्चे की जगह लेगा, उस पर दूसरे डॉक्टर के हस्ताक्षर हैं। लिखें कि उसे क्यों सुधारा जा रहा है। अभी हस्ताक्षर नहीं हुए।",
    ),
    (
        "The prescription that this draft replaces is of another patient now. Discard the draft, and amend the prescription from its own page. Nothing was signed.",
        "यह ड्राफ़्ट जिस पर्चे की जगह लेगा, वह अब दूसरे मरीज़ का है। ड्राफ़्ट छोड़ें और पर्चे को उसके अपने पेज से सुधारें। हस्ताक्षर नहीं हुए।",
    ),
    ("Nothing was prescribed before.", "पहले कोई पर्चा नहीं लिखा गया।"),
    (
        "This is not the text of a code on a prescription of Clinic Desk.",
        "यह Clinic Desk के पर्चे के कोड का पाठ नहीं है।",
    ),
    (
        "The page could not be drawn. The prescription itself is safe.",
        "पन्ना नहीं बनाया जा सका। पर्चा सुरक्षित है।",
    ),
    ("The PDF could not be written. The prescription itself is safe.", "PDF नहीं लिखी जा सकी। पर्चा सुरक्षित है।"),
    (
        "The PDF could not be written there. The prescription itself is safe; choose another folder.",
        "वहाँ PDF नहीं लिखी जा सकी। पर्चा सुरक्षित है; दूसरा फ़ोल्डर चुनें।",
    ),
    (
        "The PDF could not be written. The code is still on the screen: write it down.",
        "PDF नहीं लिखी जा सकी। कोड अब भी स्क्रीन पर है: उसे लिख लें।",
    ),
    (
        "The print dialog did not open. The prescription itself is safe; save it as a PDF and print that.",
        "छापने की विंडो नहीं खुली। पर्चा सुरक्षित है; उसे PDF में सहेजें और वही छापें।",
    ),
    ("This short key was changed meanwhile: open it anew.", "यह शॉर्ट कुंजी इस बीच बदली गई: इसे फिर से खोलें।"),
    // The clinic's own medicines.
    ("This medicine was changed meanwhile: open it anew.", "यह दवा इस बीच बदली गई: इसे फिर से खोलें।"),
    (
        "This medicine was prescribed already as what it is: take it out of use and add the other one.",
        "यह दवा इसी रूप में पर्चों पर लिखी जा चुकी है: इसे सूची से हटाएँ और दूसरी दवा जोड़ें।",
    ),
    ("This medicine is in the list already.", "यह दवा सूची में पहले से है।"),
    ("The name under which it is sold is missing.", "यह नहीं लिखा कि दवा किस नाम से बिकती है।"),
    ("The name of the medicine is missing.", "दवा का नाम नहीं लिखा है।"),
    ("The form in which it comes is missing.", "यह नहीं लिखा कि दवा किस रूप में आती है।"),
    // Short keys and the letterhead.
    ("Another short key has this name already.", "इस नाम की दूसरी शॉर्ट कुंजी पहले से है।"),
    (
        "A key is at most 30 small letters, digits, dots, dashes and underscores.",
        "कुंजी में अधिक से अधिक 30 छोटे अंग्रेज़ी अक्षर, अंक, बिंदु, डैश और अंडरस्कोर होते हैं।",
    ),
    ("The title is missing.", "शीर्षक नहीं लिखा है।"),
    ("The ages are the wrong way round.", "उम्रें उलटी लिखी हैं।"),
    ("The key stands for nothing.", "कुंजी में कुछ लिखा नहीं है।"),
    ("This picture does not fit.", "यह चित्र ठीक नहीं बैठता।"),
    ("The name of the clinic is missing.", "क्लिनिक का नाम नहीं लिखा है।"),
    ("A printed head takes 10 to 80 mm.", "छपा हुआ ऊपरी भाग 10 से 80 mm लेता है।"),
    (
        "This is too long for the paper: at most 300 letters.",
        "यह कागज़ के लिए बहुत लंबा है: अधिक से अधिक 300 अक्षर।",
    ),
    ("A PIN code has six digits.", "पिन कोड में छह अंक होते हैं।"),
    (
        "This file is larger than 512 KB. Nothing was changed; choose a smaller picture.",
        "यह फ़ाइल 512 KB से बड़ी है। कुछ बदला नहीं गया; छोटा चित्र चुनें।",
    ),
    (
        "This is no PNG and no JPEG. Nothing was changed; save the picture as one of these first.",
        "यह PNG या JPEG नहीं है। कुछ बदला नहीं गया; पहले चित्र को इनमें से किसी में सहेजें।",
    ),
    (
        "This picture cannot be read, or is larger than 4096 by 4096 points.",
        "यह चित्र पढ़ा नहीं जा सकता, या 4096 × 4096 बिंदुओं से बड़ा है।",
    ),
    // Attached files.
    (
        "There is no tooth {number}: write FDI numbers, such as 16 or 85.",
        "{number} नंबर का कोई दाँत नहीं है: FDI नंबर लिखें, जैसे 16 या 85।",
    ),
    ("This file is in the patient's record already.", "यह फ़ाइल मरीज़ के रिकॉर्ड में पहले से है।"),
    (
        "Only pictures (JPEG, PNG, WebP), PDF and DICOM files are taken, and this is none of them, whatever its name says.",
        "केवल चित्र (JPEG, PNG, WebP), PDF और DICOM फ़ाइलें ली जाती हैं, और यह इनमें से नहीं है, नाम कुछ भी हो।",
    ),
    ("This file is empty.", "यह फ़ाइल ख़ाली है।"),
    (
        "This file is larger than {size} MB. Nothing was added; make it smaller first.",
        "यह फ़ाइल {size} MB से बड़ी है। कुछ जोड़ा नहीं गया; पहले इसे छोटा करें।",
    ),
    (
        "This file cannot be read. Nothing was added; see whether it opens elsewhere.",
        "यह फ़ाइल पढ़ी नहीं जा सकती। कुछ जोड़ा नहीं गया; देखें कि क्या यह कहीं और खुलती है।",
    ),
    (
        "This file cannot be read. Nothing was changed; see whether it opens elsewhere.",
        "यह फ़ाइल पढ़ी नहीं जा सकती। कुछ बदला नहीं गया; देखें कि क्या यह कहीं और खुलती है।",
    ),
    (
        "Many other files were dropped after this one. It was not added; drop it once more.",
        "इसके बाद बहुत सी दूसरी फ़ाइलें छोड़ी गईं। यह नहीं जोड़ी गई; इसे एक बार फिर छोड़ें।",
    ),
    ("This file is not on this computer.", "यह फ़ाइल इस कंप्यूटर पर नहीं है।"),
    (
        "The copy could not be written there. The file itself is safe; choose another folder.",
        "वहाँ कॉपी नहीं लिखी जा सकी। फ़ाइल सुरक्षित है; दूसरा फ़ोल्डर चुनें।",
    ),
    (
        "This file is damaged, or of a kind that cannot be drawn here.",
        "यह फ़ाइल ख़राब है, या ऐसी है जो यहाँ नहीं दिखाई जा सकती।",
    ),
    (
        "This PDF is encrypted, and cannot be drawn without its password.",
        "यह PDF एन्क्रिप्टेड है, और बिना पासवर्ड नहीं दिखाई जा सकती।",
    ),
    (
        "This file takes more time or memory to draw than is given to one.",
        "यह फ़ाइल दिखाने में तय सीमा से ज़्यादा समय या मेमोरी लेती है।",
    ),
    ("The part of this program that draws files did not start.", "फ़ाइलें दिखाने वाला हिस्सा शुरू नहीं हुआ।"),
    (
        "The file itself is safe: save a copy and open it with another program.",
        "फ़ाइल सुरक्षित है: कॉपी सहेजकर दूसरे प्रोग्राम में खोलें।",
    ),
    (
        "Someone else has signed in meanwhile. Nothing was done; begin again.",
        "इस बीच किसी और ने साइन इन किया है। कुछ नहीं किया गया; फिर से शुरू करें।",
    ),
    (
        "This computer was taken out of service while this was being saved. It was not saved: write it down for another computer. What was saved before is handed over to the clinic.",
        "इसे सहेजते समय यह कंप्यूटर सेवा से हटा दिया गया। यह सहेजा नहीं गया: दूसरे कंप्यूटर के लिए इसे लिख लें। इससे पहले जो सहेजा गया था, वह क्लिनिक को सौंपा जाता है।",
    ),
    // What waits for a person, and the ledger.
    (
        "This was decided already. What was decided holds; change the record itself if it is wrong.",
        "इसका निर्णय हो चुका है। वही निर्णय माना जाएगा; ग़लत हो तो रिकॉर्ड को ही बदलें।",
    ),
    (
        "This was decided already. What was decided holds; the log says what it was.",
        "इसका निर्णय हो चुका है। वही निर्णय माना जाएगा; क्या था, लॉग में लिखा है।",
    ),
    (
        "This was decided already. What was decided holds; the ledger says what it was.",
        "इसका निर्णय हो चुका है। वही निर्णय माना जाएगा; क्या था, बहीखाते में लिखा है।",
    ),
    ("The other value is missing.", "दूसरा मान नहीं लिखा है।"),
    ("Of this one of the two is chosen.", "इसमें दोनों में से एक चुना जाता है।"),
    ("This is none of the values that it can have.", "यह उन मानों में से नहीं है जो यहाँ हो सकते हैं।"),
    ("This is not a number.", "यह संख्या नहीं है।"),
    ("This is not a day.", "यह तारीख नहीं है।"),
    ("This is not a day. Write it like 14/08/1972.", "यह तारीख नहीं है। ऐसे लिखें: 14/08/1972"),
    (
        "This was done before this computer's disk was copied or its keys were lost: it is before the admins, who decide.",
        "यह इस कंप्यूटर की डिस्क कॉपी होने या कुंजियाँ खोने से पहले किया गया था: यह एडमिन के सामने है, वही निर्णय लेंगे।",
    ),
    ("It is tried again or discarded.", "इसे फिर आज़माया जाता है या छोड़ा जाता है।"),
    (
        "This cannot be corrected: try it again, hand it to an admin, or discard it.",
        "यह सुधारा नहीं जा सकता: फिर कोशिश करें, एडमिन को दें, या छोड़ें।",
    ),
    (
        "This cannot be corrected here: have it tried again, or discard it.",
        "यह यहाँ सुधारा नहीं जा सकता: फिर कोशिश करवाएँ, या छोड़ें।",
    ),
    ("There is no such record in it.", "इसमें ऐसा कोई रिकॉर्ड नहीं है।"),
    ("This is not typed in here.", "यह यहाँ नहीं लिखा जाता।"),
    ("This was not part of the change.", "यह बदलाव का हिस्सा नहीं था।"),
    ("No value is another one.", "कोई मान बदला नहीं है।"),
    (
        "The file could not be written there. The ledger itself is safe; choose another folder.",
        "वहाँ फ़ाइल नहीं लिखी जा सकी। बहीखाता सुरक्षित है; दूसरा फ़ोल्डर चुनें।",
    ),
    // The window itself.
    (
        "The window was not closed. What was written is saved; close it once more.",
        "विंडो बंद नहीं हुई। जो लिखा गया वह सहेजा हुआ है; उसे एक बार फिर बंद करें।",
    ),
    (
        "The menus could not be shown. Every key works without them.",
        "मेन्यू नहीं दिखाए जा सके। हर कुंजी उनके बिना भी चलती है।",
    ),
    ("The system did not show the notice. It stands in the window.", "सिस्टम ने सूचना नहीं दिखाई। वह विंडो में है।"),
];
