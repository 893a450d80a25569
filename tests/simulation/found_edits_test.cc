// SPDX-License-Identifier: Apache-2.0
// The scripts of found_test.cc whose point is an edit.
#include "found.h"

namespace sterna::simulation {
namespace {

// Saved elsewhere by mutt, and edited there before the move was recorded.
TEST(FoundEdits, AnEditAfterAMoveOfWhatWasWrittenAnewReplacesIt) {
  play(R"(seed 75129
with
1 local.make dice=777347811
6 local.deliver dice=281810783
7 sync
8 local.edit at=147 dice=208684681
9 local.save dice=847912934
18 rest
)");
}

// The sync died after the move; then the file was edited in its new place.
TEST(FoundEdits, AnEditAfterAMoveThatWasCutReplacesWhatWasMoved) {
  play(R"(seed 77692
with
2 remote.make dice=410306858
3 local.deliver dice=446280522
4 local.deliver dice=231126154
5 rest
6 local.move dice=880645315
10 local.remove dice=210574240
11 sync kill_ms=252
15 local.edit dice=469215831
25 rest
)");
}

// The phone moved the message away and back while the file was edited.
TEST(FoundEdits, AnEditReplacesItsMessageUnderAnotherUid) {
  play(R"(seed 512051
with capability list-status uidplus
1 remote.make dice=422539045
2 local.deliver dice=779750783
3 sync
5 remote.move dice=475072859
6 local.edit dice=297672651
12 remote.move dice=630487098
13 local.mark-all at=95 dice=363180414
17 rest
)");
}

// The power went amid its removal here; then it was edited in place.
TEST(FoundEdits, AnEditOfAFileWhoseRemovalWasBegunIsKept) {
  play(R"(seed 79792
with mail-apart
2 local.deliver dice=220274716
4 rest
7 local.deliver dice=252862663
8 remote.deliver dice=395736566
9 remote.remove dice=5831230
10 sync dice=899220649 power_ops=90
11 local.edit dice=943216608
25 rest
)");
}

// The phone deleted what was sent in place of another message.
TEST(FoundEdits, AnEditThatIsGoneBeforeItWasRecordedIsSentAgain) {
  play(R"(seed 176680
with
2 remote.make dice=845640624
3 local.deliver dice=400183434
4 remote.deliver dice=125573788
5 rest
6 remote.move dice=34825270
7 sync
8 remote.move dice=14848267
9 local.edit dice=369486069
11 sync cancel_ms=413
12 remote.remove dice=313065315
21 rest
)");
}

// Both are kept, and whose flags the file's were nobody knows.
TEST(FoundEdits, TheOldMessageOfAnEditBeforeARestartMayHaveItsFlags) {
  play(R"(seed 411136
with
2 remote.make dice=443746274
3 local.deliver dice=166072967
4 local.deliver dice=656382660
5 rest
7 remote.move dice=750420736
8 local.save dice=348802713
9 sync dice=111716165 power_ms=1
12 local.edit dice=670007605
15 local.mark-all dice=751992403
16 rest
)");
}

// It has another UID there and another name here: what is recorded of the file then is no look at
// its content.
TEST(FoundEdits, AnEditAfterAMessageWasPairedUnderAnotherUidIsSent) {
  play(R"(seed 305
with
10 remote.make dice=439621866
16 remote.deliver dice=557616347
21 rest
23 remote.move dice=421633126
24 local.flag dice=413507569
25 remote.move dice=486334648
28 sync
48 local.edit dice=434775162
59 rest
)");
}

// The look that found the edit there had counted the message that stays beside it.
TEST(FoundEdits, WhatStaysBesideAnEditAfterALostPowerIsFetched) {
  play(R"(seed 484
with condstore message-limit
7 remote.deliver dice=554544013
9 remote.deliver dice=349066296
16 local.deliver dice=845433997
20 sync dice=802452060 power_ops=136
29 local.edit dice=517488989
35 rest
)");
}

// It was moved and edited, sent as new, and moved back before the old version went.
TEST(FoundEdits, AFileUnderTheNameOfItsOldVersionIsNoEditOfThat) {
  play(R"(seed 441426
with uidplus
1 local.make dice=47502609
2 local.deliver dice=287926855
3 rest
5 local.move dice=555012962
6 local.edit dice=679084141
9 sync
13 remote.move dice=840762885
14 local.move dice=329377320
21 remote.move dice=716735412
22 rest
)");
}

// Its upload was not recorded.
TEST(FoundEdits, WhatWasEditedAndMovedBeforeItHadARowIsNotThereInItsOldVersion) {
  play(R"(seed 445404
with
1 local.make dice=854660147
3 remote.deliver dice=545365526
4 rest
5 local.move dice=476505315
10 local.deliver dice=538595991
11 sync kill_ms=426
14 local.edit dice=322906665
16 local.move dice=444602525
22 rest
)");
}

// It follows its message to where its old version still has a row of that name.
TEST(FoundEdits, AMessageDoesNotTakeTheNameOfItsOldVersionToThatOne) {
  play(R"(seed 456438
with uidplus
1 local.make dice=973396592
2 local.deliver dice=356652408
4 sync
5 local.move dice=263769438
6 local.edit dice=881436064
7 sync
10 remote.move dice=434882230
13 local.copy-in dice=152796629
14 sync dice=157144144
16 rest
)");
}

// mutt had written the new file and not yet removed the old one; the phone had moved the message.
TEST(FoundEdits, AFileWrittenAnewWhileItsMessageWasMovedIsNoOther) {
  play(R"(seed 31
with
2 local.make dice=514520588
3 remote.deliver dice=118929705
4 rest
6 remote.move dice=341064210
7 local.copy-in dice=646103382
8 local.save at=131 dice=843449033
9 sync
25 rest
)");
}

// Sent half written, and whole here by the time its message had been moved away and back.
TEST(FoundEdits, TheWholeReplacesAPartThatHasAnotherUidByNow) {
  play(R"(seed 55168
with uidplus
1 local.make dice=618705351
12 local.copy-in dice=608433123
16 sync dice=67406859
17 remote.move dice=262815184
18 remote.move dice=915700857
24 rest
)");
}

// The old version, of the same name, waits for a decision.
TEST(FoundEdits, AnEditThatComesBackUnderTheNameOfItsOldVersionIsThereOnce) {
  play(R"(seed 460817
with
1 remote.make dice=796420124
2 local.make dice=332908246
3 remote.deliver dice=359595549
4 remote.deliver dice=551384530
5 rest
7 local.remove dice=578242845
8 remote.flag dice=321052539
9 local.edit dice=72804782
13 local.move dice=456878931
15 sync
21 local.move dice=980612625
25 rest
)");
}

// Another client moved both before the answer to the edit was seen.
TEST(Found, AnEditThatWasSentAndMovedWithItsOldMessageIsNotFetched) {
  play(R"(seed 6002480
with dot
1 remote.make dice=665567115
2 local.make dice=661631544
3 remote.deliver dice=67938223
4 remote.deliver dice=743688509
7 sync
8 local.copy dice=856792127
9 local.edit dice=592333211
11 sync cancel_ops=159
12 remote.move dice=17808454
13 remote.move dice=862753944
14 rest
)");
}

// An older draft with its Message-ID came to the Trash, by our own hand, as the newer one was sent
// there.
TEST(Found, WhatARuleMovedIsNotWhatTheTrashGotMeanwhile) {
  play(R"(seed 6002726
with filters trash
2 local.deliver dice=822830781
9 sync
11 local.save-draft dice=912436446
12 local.move dice=879928253
16 rest
)");
}

// Written in place as it came, and of the same size; with the power went the time of that.
TEST(Found, AnEditOfWhichTheStampIsLostIsKeptBesideItsMessage) {
  play(R"(seed 7085
with mail-apart objectid trash uidplus
2 remote.deliver dice=433050098
3 local.deliver dice=601962604
7 local.edit at=203 dice=106414597
8 sync dice=738959436
9 local.copy dice=905961379
16 sync dice=740416205 power_ops=1
18 rest
)");
}

}  // namespace
}  // namespace sterna::simulation
