//! What the server refuses or tells, and what was done, as the ledger calls it.

use super::Said;

pub(super) const SAID: &[Said] = &[
    // The ledger.
    ("Patient registered", "मरीज़ पंजीकृत"),
    ("Patient corrected", "मरीज़ का विवरण सुधारा"),
    ("Letterhead changed", "लेटरहेड बदला"),
    ("Allergy noted or changed", "एलर्जी लिखी या बदली"),
    ("Tooth chart written", "दाँतों का चार्ट लिखा"),
    ("Dental finding changed", "दाँत की जाँच बदली"),
    ("Dental procedure taken on", "दाँत के इलाज में आगे बढ़े"),
    ("No known allergies noted", "लिखा: कोई एलर्जी ज्ञात नहीं"),
    ("Long illnesses changed", "पुरानी बीमारियाँ बदलीं"),
    ("Prescription signed", "पर्चे पर हस्ताक्षर"),
    ("Prescription made void", "पर्चा रद्द किया"),
    ("Medicine stopped", "दवा बंद की"),
    ("Medicine taken up again", "दवा फिर शुरू की"),
    ("Draft given to the doctor", "ड्राफ़्ट डॉक्टर को दिया"),
    ("Draft taken back", "ड्राफ़्ट वापस लिया"),
    ("Visit booked", "विज़िट बुक की"),
    ("Visit confirmed", "विज़िट पक्की हुई"),
    ("Patient arrived", "मरीज़ आ गया"),
    ("Patient called in", "मरीज़ को बुलाया"),
    ("Visit begun", "विज़िट शुरू हुई"),
    ("Next patient came in", "अगला मरीज़ अंदर आया"),
    ("Visit finished", "विज़िट पूरी हुई"),
    ("Visit reopened", "विज़िट फिर खोली"),
    ("Patient left unseen", "मरीज़ बिना दिखाए चला गया"),
    ("Patient did not come", "मरीज़ नहीं आया"),
    ("Visit cancelled", "विज़िट रद्द की"),
    ("Visit moved", "विज़िट का समय बदला"),
    ("Visit marked as a mistake", "विज़िट को ग़लती से लिखी हुई माना"),
    ("Short key saved", "शॉर्ट कुंजी सहेजी"),
    ("Medicine added", "दवा जोड़ी"),
    ("Medicine changed", "दवा बदली"),
    ("Short key removed", "शॉर्ट कुंजी हटाई"),
    ("File added", "फ़ाइल जोड़ी"),
    ("File removed", "फ़ाइल हटाई"),
    ("Difference decided", "अंतर पर निर्णय"),
    ("Patients merged", "दो पंजीकरण एक किए"),
    ("Patients separated again", "दो पंजीकरण अलग किए"),
    ("Merger proposed", "एक करने का प्रस्ताव"),
    ("Refused change tried again", "अस्वीकृत बदलाव फिर आज़माया"),
    ("Refused change corrected", "अस्वीकृत बदलाव सुधारा"),
    ("Refused change handed to an admin", "अस्वीकृत बदलाव एडमिन को दिया"),
    ("Refused change discarded", "अस्वीकृत बदलाव छोड़ा"),
    (
        "It waits with change {number}, which it builds on.",
        "यह बदलाव {number} के साथ रुका है, जिस पर यह टिका है।",
    ),
    ("It builds on another change that is set aside.", "यह एक दूसरे बदलाव पर टिका है जो अलग रखा गया है।"),
    ("It was refused again.", "इसे फिर नहीं लिया गया।"),
    ("Corrected as change {number}.", "बदलाव {number} में सुधारा गया।"),
    (
        "Changed on two computers: {columns}. The value that the server had stays until a person decides.",
        "दो कंप्यूटरों पर बदला: {columns}। किसी के निर्णय तक सर्वर वाला मान रहेगा।",
    ),
    // Why a change was set aside.
    (
        "A new row in {table} bears the id of one that exists.",
        "{table} में नए रिकॉर्ड की पहचान किसी मौजूद रिकॉर्ड की है।",
    ),
    ("The row in {table} does not exist.", "{table} में यह रिकॉर्ड नहीं है।"),
    (
        "This server does not know this kind of change; it needs an update.",
        "यह सर्वर इस तरह का बदलाव नहीं जानता; उसे अपडेट चाहिए।",
    ),
    ("This person's role may not delete from {table}.", "इस व्यक्ति की भूमिका {table} से हटा नहीं सकती।"),
    ("This person's role may not decide this.", "इस व्यक्ति की भूमिका इसका निर्णय नहीं ले सकती।"),
    ("This person's role may do nothing here.", "इस व्यक्ति की भूमिका यहाँ कुछ नहीं कर सकती।"),
    ("A new row in {table} needs {column}.", "{table} के नए रिकॉर्ड में {column} ज़रूरी है।"),
    ("{column} does not hold a value that fits.", "{column} का मान ठीक नहीं है।"),
    ("{column} is missing.", "{column} नहीं लिखा है।"),
    ("A change is larger than any that a person makes.", "यह बदलाव किसी व्यक्ति के बदलाव से बहुत बड़ा है।"),
    ("A change does not say when it was done.", "इस बदलाव में नहीं लिखा कि यह कब किया गया।"),
    (
        "A change holds a text or a number that cannot be read.",
        "इस बदलाव में ऐसा पाठ या संख्या है जो पढ़ी नहीं जा सकती।",
    ),
    ("A change holds a text that is longer than any that a person writes.", "इस बदलाव में बहुत लंबा पाठ है।"),
    ("A change holds a character that no text has.", "इस बदलाव में ऐसा अक्षर है जो पाठ में नहीं होता।"),
    ("A change says one thing twice.", "इस बदलाव में एक बात दो बार है।"),
    ("This cannot be decided about such an item.", "ऐसी बात पर यह निर्णय नहीं लिया जा सकता।"),
    ("Another value was decided, and not which.", "दूसरा मान तय हुआ, पर कौन सा, यह नहीं लिखा।"),
    (
        "A case study is published only when nothing in it names the patient.",
        "केस स्टडी तभी प्रकाशित होती है जब उसमें मरीज़ की पहचान कहीं न हो।",
    ),
    ("A value does not fit.", "एक मान ठीक नहीं है।"),
    ("A value is missing or not allowed.", "एक मान नहीं है या मान्य नहीं है।"),
    ("A value is not one that its column can hold.", "एक मान ऐसा है जो वहाँ नहीं रखा जा सकता।"),
    ("A row that it points at does not exist here.", "जिस रिकॉर्ड से यह जुड़ा है वह यहाँ नहीं है।"),
    ("A computer at the front desk does not write {table}.", "रिसेप्शन का कंप्यूटर {table} नहीं लिखता।"),
    ("This person has not signed in on this computer.", "इस व्यक्ति ने इस कंप्यूटर पर साइन इन नहीं किया है।"),
    (
        "{name} did not work here when this was done, and does not now.",
        "जब यह किया गया तब {name} यहाँ काम नहीं करते थे, और अब भी नहीं करते।",
    ),
    (
        "{name} might do this when it was done, by the clock of that computer, and may not any more. It is kept: an admin lets it in by trying it again, or discards it.",
        "उस कंप्यूटर की घड़ी के अनुसार {name} तब यह कर सकते थे, और अब नहीं कर सकते। यह रखा है: एडमिन फिर कोशिश करके इसे आने देते हैं, या छोड़ते हैं।",
    ),
    (
        "{name} might do this when it was done, by the clock of that computer, and does not work here any more. It is kept: an admin lets it in by trying it again, or discards it.",
        "उस कंप्यूटर की घड़ी के अनुसार {name} तब यह कर सकते थे, और अब यहाँ काम नहीं करते। यह रखा है: एडमिन फिर कोशिश करके इसे आने देते हैं, या छोड़ते हैं।",
    ),
    (
        "{name} was given the role for this only after it was done. It is kept: an admin lets it in by trying it again, or whoever has the role now corrects it.",
        "{name} को इसकी भूमिका यह करने के बाद मिली। यह रखा है: एडमिन फिर कोशिश करके इसे आने देते हैं, या जिनकी अब भूमिका है वे इसे सुधारते हैं।",
    ),
    (
        "It was signed with a key that counts no more: its author's password was reset, or they or the computer were taken out before it arrived. It is kept: its author signs in there and tries it again, an admin lets it in, or it is discarded.",
        "इस पर ऐसी कुंजी से हस्ताक्षर हैं जो अब मान्य नहीं: करने वाले का पासवर्ड बदला गया, या आने से पहले उन्हें या कंप्यूटर को हटाया गया। यह रखा है: करने वाले वहाँ साइन इन करके फिर कोशिश करें, एडमिन इसे आने दें, या इसे छोड़ा जाए।",
    ),
    (
        "It does not bear the signature of the person in whose name it was made, who has a key of their own on that computer. It is kept: if it is theirs, they sign in there and try it again; if not, it is discarded and an admin should know of it.",
        "जिनके नाम से यह किया गया उनके हस्ताक्षर इस पर नहीं हैं, जबकि उस कंप्यूटर पर उनकी अपनी कुंजी है। यह रखा है: उनका हो तो वे वहाँ साइन इन करके फिर कोशिश करें; न हो तो इसे छोड़ें और एडमिन को बताएँ।",
    ),
    (
        "It came from a computer that had been taken out of service. A person decides about it.",
        "यह ऐसे कंप्यूटर से आया जिसे सेवा से हटाया जा चुका था। इसका निर्णय कोई व्यक्ति लेगा।",
    ),
    (
        "It was on a computer whose keys were lost, and had not been sent. A person decides about it.",
        "यह ऐसे कंप्यूटर पर था जिसकी कुंजियाँ खो गईं, और भेजा नहीं गया था। इसका निर्णय कोई व्यक्ति लेगा।",
    ),
    ("Another prescription has this number already.", "इस नंबर का दूसरा पर्चा पहले से है।"),
    ("Another row has the same key already.", "इसी पहचान का दूसरा रिकॉर्ड पहले से है।"),
    (
        "A signed prescription does not change; amend it instead.",
        "हस्ताक्षरित पर्चा नहीं बदलता; उसकी जगह नया सुधरा हुआ लिखें।",
    ),
    (
        "A signed prescription cannot be deleted; void it instead.",
        "हस्ताक्षरित पर्चा हटाया नहीं जा सकता; उसे रद्द करें।",
    ),
    ("Two lines of the prescription have the same place.", "पर्चे की दो पंक्तियों की जगह एक ही है।"),
    ("Only a doctor or dentist can sign.", "हस्ताक्षर केवल डॉक्टर या दंत चिकित्सक कर सकते हैं।"),
    (
        "Only a doctor or dentist can amend or void a signed prescription.",
        "हस्ताक्षरित पर्चे को केवल डॉक्टर या दंत चिकित्सक सुधार या रद्द कर सकते हैं।",
    ),
    (
        "A prescription is made void with a reason; void_reason is empty.",
        "पर्चा कारण देकर रद्द होता है; कारण नहीं लिखा है।",
    ),
    (
        "Another doctor's prescription is amended with a reason; void_reason is empty.",
        "दूसरे डॉक्टर का पर्चा कारण देकर सुधारा जाता है; कारण नहीं लिखा है।",
    ),
    ("This row of {table} is another doctor's own.", "{table} का यह रिकॉर्ड दूसरे डॉक्टर का अपना है।"),
    ("Only a doctor or dentist deletes an attachment.", "फ़ाइल को केवल डॉक्टर या दंत चिकित्सक हटाते हैं।"),
    ("An attachment's file does not change; add another one.", "जोड़ी हुई फ़ाइल नहीं बदलती; दूसरी जोड़ें।"),
    (
        "Only a dentist completes a procedure, or says that it failed or was an error.",
        "इलाज पूरा हुआ, नहीं हो सका या ग़लती से लिखा गया, यह केवल दंत चिकित्सक लिखते हैं।",
    ),
    ("A procedure does not go from that state to this one.", "इलाज उस स्थिति से इस स्थिति में नहीं जाता।"),
    (
        "A completed procedure does not change; add to its note, or mark it as entered in error.",
        "पूरा हुआ इलाज नहीं बदलता; उसके नोट में जोड़ें, या उसे ग़लती से लिखा बताएँ।",
    ),
    ("A completed procedure does not change; add to its note.", "पूरा हुआ इलाज नहीं बदलता; उसके नोट में जोड़ें।"),
    (
        "A completed procedure cannot be deleted; mark it as entered in error.",
        "पूरा हुआ इलाज हटाया नहीं जा सकता; उसे ग़लती से लिखा बताएँ।",
    ),
    ("There is no tooth with this number.", "इस संख्या का कोई दाँत नहीं है।"),
    ("There is no tooth with one of these numbers.", "इनमें से किसी संख्या का कोई दाँत नहीं है।"),
    ("An appointment does not go from that state to this one.", "विज़िट उस स्थिति से इस स्थिति में नहीं जाती।"),
    ("A patient is not merged into themselves.", "मरीज़ को उसी के साथ एक नहीं किया जाता।"),
    ("Nobody is merged into themselves.", "किसी को उसी के साथ एक नहीं किया जाता।"),
    (
        "The mobile number must be in international form, like +919820441276.",
        "मोबाइल नंबर देश के कोड के साथ हो, जैसे +919820441276",
    ),
    ("A patient needs a date of birth or an age.", "मरीज़ की जन्मतिथि या उम्र चाहिए।"),
    (
        "This person may not decide what becomes of this change.",
        "इस बदलाव का क्या हो, यह व्यक्ति तय नहीं कर सकते।",
    ),
    ("It must be said why.", "कारण बताना ज़रूरी है।"),
    ("The reason is too long: 300 characters are enough.", "कारण बहुत लंबा है: 300 अक्षर काफ़ी हैं।"),
    (
        "A correction is about the same records as what it corrects.",
        "सुधार उन्हीं रिकॉर्ड का होता है जिन्हें वह सुधारता है।",
    ),
    ("This is not about a refused change.", "यह अस्वीकृत बदलाव के बारे में नहीं है।"),
    ("Somebody has seen to this change already.", "इस बदलाव को कोई पहले ही देख चुका है।"),
    ("No such change was set aside.", "ऐसा कोई बदलाव अलग नहीं रखा गया।"),
    // Signing in at the server, and computers.
    (
        "The code is wrong, was used already, or is too old. Ask the admin for a new one.",
        "कोड ग़लत है, पहले चल चुका है, या बहुत पुराना है। एडमिन से नया माँगें।",
    ),
    (
        "This computer's data seems to be a copy of another's. Nothing is lost; sign in again with your password.",
        "इस कंप्यूटर का डेटा दूसरे की कॉपी लगता है। कुछ नहीं खोया; अपने पासवर्ड से फिर साइन इन करें।",
    ),
    ("This computer was taken out of service by an admin.", "एक एडमिन ने इस कंप्यूटर को सेवा से हटाया।"),
    (
        "The server does not know this computer: its data was restored from a backup that is older than it. Everything on this computer is kept, and nothing is sent. Ask an admin for a code, and enrol it again in the sync centre.",
        "सर्वर इस कंप्यूटर को नहीं जानता: उसका डेटा इस कंप्यूटर से पुराने बैकअप से वापस लाया गया। इस कंप्यूटर का सब कुछ रखा है, और कुछ भेजा नहीं जा रहा। एडमिन से कोड लें, और सिंक केंद्र में इसे फिर से जोड़ें।",
    ),
    (
        "This clinic's account is suspended. What you wrote is kept and still sent, and all can be read and exported. Ask whoever runs the account.",
        "इस क्लिनिक का खाता रोका गया है। आपका लिखा हुआ रखा है और अब भी भेजा जाता है, और सब कुछ पढ़ा और एक्सपोर्ट किया जा सकता है। खाता चलाने वाले से पूछें।",
    ),
    (
        "This clinic's plan has ended. What you wrote is kept and still sent, and all can be read and exported. Renew the plan to go on.",
        "इस क्लिनिक का प्लान समाप्त हो गया। आपका लिखा हुआ रखा है और अब भी भेजा जाता है, और सब कुछ पढ़ा और एक्सपोर्ट किया जा सकता है। आगे बढ़ने के लिए प्लान रिन्यू करें।",
    ),
    ("Your role does not allow this.", "आपकी भूमिका में इसकी अनुमति नहीं है।"),
    (
        "You signed in with a one-time password. Choose a password of your own first.",
        "आपने एक बार के पासवर्ड से साइन इन किया है। पहले अपना पासवर्ड चुनें।",
    ),
    (
        "This needs the signature of the computer on which you work, made for just this and only once. Nothing was changed. Try again; if it stays so, update the program, or tell whoever runs the server.",
        "इसके लिए आपके कंप्यूटर के हस्ताक्षर चाहिए, केवल इसी काम के और एक ही बार के। कुछ बदला नहीं गया। फिर कोशिश करें; ऐसा ही रहे तो प्रोग्राम अपडेट करें, या सर्वर चलाने वाले को बताएँ।",
    ),
    (
        "The clock of this computer is more than two minutes off. Nothing was changed. Set it and try again.",
        "इस कंप्यूटर की घड़ी दो मिनट से ज़्यादा ग़लत है। कुछ बदला नहीं गया। उसे ठीक करें और फिर कोशिश करें।",
    ),
    ("There is no such record.", "ऐसा कोई रिकॉर्ड नहीं है।"),
    (
        "This file has not come to the server yet: it waits on the computer at which it was added.",
        "यह फ़ाइल अभी सर्वर पर नहीं आई: यह उस कंप्यूटर पर है जहाँ जोड़ी गई थी।",
    ),
    ("Sign in again.", "फिर से साइन इन करें।"),
    (
        "You have had 50 keys of your own on this computer, and the server takes no further one. What you do here is kept and still sent, but what needs your signature is set aside. Ask an admin to take this computer out of service and to enrol it anew.",
        "इस कंप्यूटर पर आपकी अपनी 50 कुंजियाँ हो चुकी हैं, और सर्वर और नहीं लेता। यहाँ आपका काम रखा है और अब भी भेजा जाता है, पर जिसमें आपके हस्ताक्षर चाहिए वह अलग रखा जाता है। एडमिन से कहें कि इस कंप्यूटर को सेवा से हटाकर फिर से जोड़ें।",
    ),
    ("Sign in with your password first.", "पहले अपने पासवर्ड से साइन इन करें।"),
    ("Too many tries. Wait a little.", "बहुत बार कोशिश हुई। थोड़ा रुकें।"),
    (
        "This version of the program is too old for the server. What you do is kept and still sent; update the program to get what others do.",
        "प्रोग्राम का यह संस्करण सर्वर के लिए बहुत पुराना है। आपका काम रखा है और अब भी भेजा जाता है; दूसरों का काम पाने के लिए प्रोग्राम अपडेट करें।",
    ),
    (
        "The server's data was restored from a backup. Your work is kept; sync starts anew.",
        "सर्वर का डेटा बैकअप से वापस लाया गया। आपका काम रखा है; सिंक नए सिरे से शुरू होता है।",
    ),
    (
        "The server's data was restored from a backup and is being looked at. Your work is kept on this computer, and sync goes on by itself when the server is ready.",
        "सर्वर का डेटा बैकअप से वापस लाया गया और देखा जा रहा है। आपका काम इस कंप्यूटर पर रखा है, और सर्वर तैयार होते ही सिंक अपने आप आगे बढ़ेगा।",
    ),
    ("Earlier changes of this computer are missing.", "इस कंप्यूटर के पहले के बदलाव नहीं मिले।"),
    (
        "So much of this computer's work waits for a person that the server takes no more for now. What you wrote is kept here; ask an admin to look at what was set aside.",
        "इस कंप्यूटर का इतना काम निर्णय के इंतज़ार में है कि सर्वर अभी और नहीं लेता। आपका लिखा हुआ यहाँ रखा है; एडमिन से कहें कि अलग रखे बदलाव देखें।",
    ),
    (
        "The server made a mistake. Your work is kept; it will be tried again.",
        "सर्वर में कुछ गड़बड़ हुई। आपका काम रखा है; फिर कोशिश होगी।",
    ),
    (
        "The server cannot work just now. Your work is kept; it will be tried again.",
        "सर्वर अभी काम नहीं कर सकता। आपका काम रखा है; फिर कोशिश होगी।",
    ),
    (
        "This code is another clinic's. Nothing on this computer was changed.",
        "यह कोड दूसरे क्लिनिक का है। इस कंप्यूटर पर कुछ बदला नहीं गया।",
    ),
    (
        "This code is for a computer at another place or for other work. Ask for one like this computer's.",
        "यह कोड दूसरी जगह या दूसरे काम के कंप्यूटर के लिए है। इसी जैसे कंप्यूटर का कोड माँगें।",
    ),
    (
        "The server knows this computer. Sign in with your password.",
        "सर्वर इस कंप्यूटर को जानता है। अपने पासवर्ड से साइन इन करें।",
    ),
    (
        "This code is the operator's. With it comes in only who has signed in at one of the clinic's computers before, with a password of their own. Ask an admin of the clinic for a code. Nothing was changed.",
        "यह कोड सर्वर चलाने वाले का है। इससे वही आ सकता है जिसने क्लिनिक के किसी कंप्यूटर पर अपने चुने हुए पासवर्ड से पहले साइन इन किया हो। क्लिनिक के किसी एडमिन से कोड माँगें। कुछ बदला नहीं गया।",
    ),
    ("Give this computer a name of at most 100 characters.", "इस कंप्यूटर को अधिक से अधिक 100 अक्षरों का नाम दें।"),
    (
        "The clinic's server does not know this computer, or by another recovery code. An admin takes the computer out of service (Computers, in the window of another one); then try again. Nothing was changed.",
        "क्लिनिक का सर्वर इस कंप्यूटर को नहीं जानता, या दूसरे रिकवरी कोड से जानता है। कोई एडमिन इस कंप्यूटर को सेवा से हटाए (दूसरे कंप्यूटर की विंडो में, कंप्यूटर); फिर कोशिश करें। कुछ बदला नहीं गया।",
    ),
    (
        "The one-time code is for another clinic, or for a computer that receives something else. Ask for one that fits this computer. Nothing was changed.",
        "एक बार का यह कोड दूसरे क्लिनिक के लिए है, या ऐसे कंप्यूटर के लिए जो कुछ और पाता है। इस कंप्यूटर के लायक कोड माँगें। कुछ बदला नहीं गया।",
    ),
    (
        "What waits here cannot be handed over: this computer's disk was copied or restored, and the server has other changes in its place. It stays here until this computer's time without the server is over, and is destroyed then. Tell an admin of the clinic now what was done here last.",
        "यहाँ जो बाकी है वह सौंपा नहीं जा सकता: इस कंप्यूटर की डिस्क कॉपी या रीस्टोर हुई थी, और सर्वर पर उसकी जगह दूसरे बदलाव हैं। सर्वर के बिना चलने का इस कंप्यूटर का समय ख़त्म होने तक वह यहीं रहेगा, फिर नष्ट होगा। यहाँ आख़िर में क्या किया गया था, यह क्लिनिक के एडमिन को अभी बताएँ।",
    ),
    ("The server does not take what waits here: {why*}", "यहाँ जो बाकी है उसे सर्वर नहीं ले रहा: {why}"),
    (
        "Not all could be handed over: what only this computer has is destroyed with it (changes, files and records: {lost}).",
        "सब कुछ सौंपा नहीं जा सका: जो केवल इस कंप्यूटर पर है वह इसके साथ नष्ट होगा (बदलाव, फ़ाइलें और रिकॉर्ड: {lost})।",
    ),
    (
        "This computer was copied too often. An admin enrols it anew; what waits on it is safe until then.",
        "इस कंप्यूटर की बहुत बार कॉपी हुई। कोई एडमिन इसे नए सिरे से जोड़े; तब तक इस पर जो बाकी है वह सुरक्षित है।",
    ),
    (
        "You are working on this computer. Take it out of service from another one.",
        "आप इसी कंप्यूटर पर काम कर रहे हैं। इसे दूसरे कंप्यूटर से सेवा से हटाएँ।",
    ),
    ("Say why in at most 300 characters.", "कारण अधिक से अधिक 300 अक्षरों में लिखें।"),
    // Staff.
    (
        "This computer has no open line to the server, and staff are seen and changed only with it. Nothing was changed. Connect this computer to the internet and try again in a moment.",
        "इस कंप्यूटर का सर्वर से संपर्क नहीं है, और स्टाफ़ उसी के साथ देखा और बदला जाता है। कुछ बदला नहीं गया। इस कंप्यूटर को इंटरनेट से जोड़ें और थोड़ी देर में फिर कोशिश करें।",
    ),
    (
        "The server's answer did not come, so perhaps this was done and perhaps not. Look at the list of staff before you try again. If somebody was added, or has a new one-time password that you did not see, give them another one.",
        "सर्वर का जवाब नहीं आया, इसलिए हो सकता है यह हो गया हो, और हो सकता है न हुआ हो। फिर कोशिश करने से पहले स्टाफ़ की सूची देखें। कोई जुड़ गया हो, या उसका नया एक बार का पासवर्ड आपने न देखा हो, तो उसे दूसरा दें।",
    ),
    ("Someone of your staff has this e-mail already.", "आपके स्टाफ़ में किसी का यह ई-मेल पहले से है।"),
    (
        "Another of your doctors has this registration number of this council.",
        "इस काउंसिल का यह पंजीकरण नंबर आपके दूसरे डॉक्टर का है।",
    ),
    (
        "They are the only admin who can sign in. Make another one first; nothing was changed.",
        "साइन इन कर सकने वाले एडमिन केवल यही हैं। पहले किसी और को एडमिन बनाएँ; कुछ बदला नहीं गया।",
    ),
    (
        "A prescriber needs the registration number and the council that gave it.",
        "पर्चा लिखने वाले का पंजीकरण नंबर और उसे देने वाली काउंसिल चाहिए।",
    ),
    (
        "Only a doctor or a dentist has a profile as a prescriber.",
        "पर्चा लिखने वालों में केवल डॉक्टर या दंत चिकित्सक होते हैं।",
    ),
    (
        "A member of staff needs a name of at most 100 characters.",
        "स्टाफ़ में हर किसी का नाम चाहिए, अधिक से अधिक 100 अक्षरों का।",
    ),
    ("A member of staff needs at least one role.", "स्टाफ़ में हर किसी की कम से कम एक भूमिका चाहिए।"),
    ("This is not a mobile number.", "यह मोबाइल नंबर नहीं है।"),
    ("One of these clinics is not one of yours.", "इनमें से एक क्लिनिक आपका नहीं है।"),
    ("The e-mail must be like name@clinic.example.", "ई-मेल ऐसा हो: name@clinic.example"),
    ("Change your own password with the one that you have.", "अपना पासवर्ड अपने मौजूदा पासवर्ड से बदलें।"),
    (
        "The plan has no room for another doctor or dentist. Deactivate one, or ask for a larger plan.",
        "प्लान में एक और डॉक्टर या दंत चिकित्सक की जगह नहीं है। किसी को निष्क्रिय करें, या बड़ा प्लान माँगें।",
    ),
    // What the server tells of the clinic.
    (
        "The plan has no room for so many patients. Nothing was added; ask for a larger plan.",
        "प्लान में इतने मरीज़ों की जगह नहीं है। कुछ जोड़ा नहीं गया; बड़ा प्लान माँगें।",
    ),
    ("The plan ends in {days} days. Renew it in time.", "प्लान {days} दिन में समाप्त होगा। समय पर रिन्यू करें।"),
    ("doctors and dentists", "डॉक्टर और दंत चिकित्सक"),
    ("patients", "मरीज़"),
    (
        "There are {has} {what*}, {over} more than the plan has room for. All of them are kept; ask for a larger plan.",
        "{has} {what} हैं, प्लान की जगह से {over} ज़्यादा। सब रखे हैं; बड़ा प्लान माँगें।",
    ),
    ("All {may} places for {what*} in the plan are taken.", "प्लान में {what} की सभी {may} जगहें भर गई हैं।"),
    (
        "{has} of {may} places for {what*} in the plan are taken.",
        "प्लान में {what} की {may} में से {has} जगहें भर गई हैं।",
    ),
    (
        "The operator of the server was told that no admin of yours can sign in any more, and will make {name} one, not before {at}. If that is not so, any admin, doctor or dentist can object until then.",
        "सर्वर के ऑपरेटर को बताया गया है कि आपका कोई एडमिन अब साइन इन नहीं कर सकता, और वह {name} को एडमिन बनाएगा, {at} से पहले नहीं। ऐसा न हो तो तब तक कोई भी एडमिन, डॉक्टर या दंत चिकित्सक आपत्ति कर सकते हैं।",
    ),
    (
        "The clinic's audit log on the server is not what this computer knew of it: entries were changed or taken away. Your work is safe, and goes on. Tell whoever runs the server to leave the database as it is and to run clinic-sync audit verify.",
        "सर्वर पर क्लिनिक का ऑडिट लॉग वैसा नहीं है जैसा यह कंप्यूटर जानता था: एंट्री बदली या हटाई गईं। आपका काम सुरक्षित है, और चलता है। सर्वर चलाने वाले से कहें कि डेटाबेस को जैसा है वैसा छोड़ें और clinic-sync audit verify चलाएँ।",
    ),
    (
        "The server's data was restored from a backup. Nothing on this computer was changed or lost. {again*} Start every other computer of the clinic once, so that each brings back what was done on it.",
        "सर्वर का डेटा बैकअप से वापस लाया गया। इस कंप्यूटर पर कुछ बदला या खोया नहीं। {again} क्लिनिक के हर दूसरे कंप्यूटर को एक बार चालू करें, ताकि हर एक अपना किया हुआ वापस लाए।",
    ),
    (
        "The server had everything that was done on this computer.",
        "इस कंप्यूटर पर किया गया सब कुछ सर्वर के पास था।",
    ),
    (
        "{count} change of this computer was missing there and is sent again.",
        "इस कंप्यूटर का {count} बदलाव वहाँ नहीं था और फिर भेजा जाता है।",
    ),
    (
        "{count} changes of this computer were missing there and are sent again.",
        "इस कंप्यूटर के {count} बदलाव वहाँ नहीं थे और फिर भेजे जाते हैं।",
    ),
];
