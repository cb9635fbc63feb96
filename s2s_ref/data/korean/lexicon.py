"""The words of the built-in corpus, as tables that can be read and extended.

An underscore joins the words of one English expression (`post_office`), and an indented line
continues the row before it. `sampler.py` decides which words go together, and `realisation.py` how
they are said. The tests check every form, so a new row needs no code and no test of its own.
"""

from collections.abc import Iterator
from typing import NamedTuple

# --------------------------------------------------------------------------------------------
# Nouns. Header: [class] counter. Row: Korean, English, plural, counter, measure.
# Plural: "+" or nothing adds -s, "-" is a mass noun, "=" has only a plural (socks).
# The measure is the English of the counter: 커피 두 잔 is "two cups of coffee".
# --------------------------------------------------------------------------------------------
NOUN_TABLE = """
[person] 명
학생 student
아이 child children
의사 doctor
간호사 nurse
기자 reporter
가수 singer
화가 painter
배우 actor
작가 writer
요리사 chef
변호사 lawyer
과학자 scientist
농부 farmer
경찰관 police_officer
소방관 firefighter
군인 soldier
회사원 office_worker
대학생 college_student
관광객 tourist
남자 man men
여자 woman women
운동선수 athlete
[relation] 명
친구 friend
이웃 neighbor
동료 colleague
사촌 cousin
조카 nephew
[pet] 마리
개 dog
고양이 cat
강아지 puppy puppies
토끼 rabbit
거북이 turtle
[farm] 마리
말 horse
소 cow
돼지 pig
오리 duck
닭 chicken
양 sheep sheep
[wild] 마리
곰 bear
사자 lion
호랑이 tiger
원숭이 monkey
코끼리 elephant
여우 fox foxes
쥐 mouse mice
새 bird
[text] 권
책 book
소설 novel
잡지 magazine
만화책 comic_book
동화책 storybook
사전 dictionary dictionaries
교과서 textbook
신문 newspaper + 부
[writing] 편
시 poem
보고서 report + 장
[mail] 통
편지 letter
이메일 email
엽서 postcard + 장
카드 card + 장
[picture] 장
사진 photo
그림 picture
지도 map
포스터 poster
[ticket] 장
표 ticket
우표 stamp
[stationery] 자루
연필 pencil
펜 pen
붓 brush brushes
공책 notebook + 권
지우개 eraser + 개
가위 scissors = 개 pair
[fruit] 개
사과 apple
바나나 banana
오렌지 orange
배 pear
복숭아 peach peaches
레몬 lemon
귤 tangerine
수박 watermelon + 통
[vegetable] 개
감자 potato potatoes
당근 carrot
양파 onion
토마토 tomato tomatoes
오이 cucumber
고구마 sweet_potato sweet_potatoes
[dish] 개
빵 bread - 조각 slice
치즈 cheese - 조각 slice
고기 meat - 조각 piece
생선 fish - 조각 piece
밥 rice - 그릇 bowl
국수 noodles = 그릇 bowl
라면 ramen - 그릇 bowl
비빔밥 bibimbap - 그릇 bowl
수프 soup - 그릇 bowl
김치 kimchi - 접시 plate
불고기 bulgogi - 접시 plate
샐러드 salad - 접시 plate
케이크 cake
샌드위치 sandwich sandwiches
피자 pizza + 판
만두 dumpling
쿠키 cookie
햄버거 hamburger
[meal]
아침 breakfast -
점심 lunch -
저녁 dinner -
[drink] 잔
커피 coffee - 잔 cup
차 tea - 잔 cup
녹차 green_tea - 잔 cup
코코아 hot_chocolate - 잔 cup
물 water - 잔 glass
우유 milk - 잔 glass
주스 juice - 잔 glass
콜라 cola - 잔 glass
맥주 beer - 잔 glass
와인 wine - 잔 glass
[outfit] 벌
코트 coat
셔츠 shirt
치마 skirt
원피스 dress dresses
재킷 jacket
스웨터 sweater
한복 hanbok
교복 school_uniform
바지 pants = 벌 pair
청바지 jeans = 벌 pair
[footwear] 켤레
신발 shoes = 켤레 pair
구두 dress_shoes = 켤레 pair
운동화 sneakers = 켤레 pair
양말 socks = 켤레 pair
부츠 boots = 켤레 pair
슬리퍼 slippers = 켤레 pair
[headwear] 개
모자 hat
헬멧 helmet
마스크 mask
안경 glasses = 개 pair
선글라스 sunglasses = 개 pair
[handwear] 개
반지 ring
장갑 gloves = 켤레 pair
[wristwear] 개
시계 watch watches
팔찌 bracelet
[neckwear] 개
넥타이 tie
[scarf] 개
목도리 scarf scarves
[keys] 대
피아노 piano
기타 guitar
[strings] 대
바이올린 violin
첼로 cello
[winds] 개
플루트 flute
하모니카 harmonica
트럼펫 trumpet
[ballgame]
축구 soccer -
농구 basketball -
야구 baseball -
배구 volleyball -
[racket]
테니스 tennis -
탁구 table_tennis -
배드민턴 badminton -
골프 golf -
[language]
영어 English -
한국어 Korean -
일본어 Japanese -
중국어 Chinese -
프랑스어 French -
독일어 German -
스페인어 Spanish -
[subject]
수학 math -
역사 history -
과학 science -
[film] 편
영화 movie
만화 cartoon
연극 play
다큐멘터리 documentary documentaries
[broadcast]
뉴스 news -
[audio]
음악 music -
노래 song + 곡
[furniture] 개
의자 chair
책상 desk
침대 bed
소파 sofa
탁자 table
거울 mirror
[device] 대
컴퓨터 computer
카메라 camera
휴대폰 cell_phone
텔레비전 television
라디오 radio
세탁기 washing_machine
냉장고 refrigerator
에어컨 air_conditioner
[vehicle] 대
자동차 car
자전거 bicycle
오토바이 motorcycle
트럭 truck
[transit] 대
버스 bus buses
기차 train
택시 taxi
비행기 airplane
[subway]
지하철 subway -
[container] 개
가방 bag
상자 box boxes
바구니 basket
배낭 backpack
[goods] 개
우산 umbrella
지갑 wallet
열쇠 key
램프 lamp
텐트 tent
꽃병 vase
담요 blanket + 장
수건 towel + 장
[dishware] 개
컵 cup
접시 plate
칼 knife knives 자루
[toy] 개
인형 doll
장난감 toy
공 ball
[gift] 개
선물 present
소포 package
[flower] 송이
꽃 flower
장미 rose
튤립 tulip
[tree] 그루
나무 tree
[opening] 개
문 door
창문 window
[building] 채
집 house
다리 bridge + 개
탑 tower + 개
[task]
숙제 homework -
"""

# Groups of classes, for the tables below.
GROUPS = {
    "people": "person relation",
    "animal": "pet farm wild",
    "reading": "text writing mail",
    "produce": "fruit vegetable",
    "food": "fruit vegetable dish",
    "clothes": "outfit footwear headwear handwear wristwear neckwear scarf",
    "instrument": "keys strings winds",
    "small": "text picture ticket stationery headwear handwear wristwear scarf goods toy container",
}

NAMES = {
    "민수": "Minsu",
    "지훈": "Jihun",
    "수진": "Sujin",
    "영희": "Yeonghui",
    "유나": "Yuna",
    "준호": "Junho",
    "민지": "Minji",
    "서연": "Seoyeon",
    "현우": "Hyeonwoo",
    "은영": "Eunyeong",
    "지민": "Jimin",
    "톰": "Tom",
}

# Native numerals before a counter.
NUMERALS = {
    "한": "one",
    "두": "two",
    "세": "three",
    "네": "four",
    "다섯": "five",
    "여섯": "six",
    "일곱": "seven",
    "여덟": "eight",
    "아홉": "nine",
    "열": "ten",
}

# Words whose first letter misleads about a or an.
A_BEFORE_VOWEL_LETTER = ("university", "uniform", "one", "useful")
AN_BEFORE_CONSONANT_LETTER = ("hour", "honest")

# --------------------------------------------------------------------------------------------
# Places: Korean, English, preposition, article. Groups say where things are usually done.
# --------------------------------------------------------------------------------------------
PLACE_TABLE = """
집 home at -
학교 school at -
회사 work at -
도서관 library at the
공원 park in the
시장 market at the
마트 supermarket at the
백화점 department_store at a
서점 bookstore at a
식당 restaurant at a
카페 cafe at a
병원 hospital at the
은행 bank at the
우체국 post_office at the
역 station at the
공항 airport at the
교실 classroom in the
사무실 office at the
부엌 kitchen in the
거실 living_room in the
정원 garden in the
박물관 museum at the
미술관 art_gallery at the
극장 movie_theater at the
바닷가 beach at the
수영장 swimming_pool at the
체육관 gym at the
놀이터 playground at the
동물원 zoo at the
빵집 bakery at the
호텔 hotel at a
농장 farm on the
숲 forest in the
무대 stage on the
서울 Seoul in -
부산 Busan in -
제주도 Jeju in -
파리 Paris in -
런던 London in -
도쿄 Tokyo in -
뉴욕 New_York in -
한국 Korea in -
일본 Japan in -
프랑스 France in -
독일 Germany in -
"""
PLACE_GROUPS = {
    "city": "서울 부산 제주도 파리 런던 도쿄 뉴욕 한국 일본 프랑스 독일",
    "quiet": "집 도서관 카페 교실 공원 거실",
    "desk": "집 도서관 카페 교실 사무실",
    "meal": "집 식당 카페 공원 부엌 학교",
    "kitchen": "집 부엌",
    "grocery": "시장 마트",
    "fashion": "백화점 시장",
    "books": "서점 백화점",
    "desire": "백화점 시장 서울 파리",
    "meeting": "카페 식당 공원 역 도서관 학교 서울 부산 극장 공항",
    "waiting": "역 공항 카페 공원 학교 호텔",
    "lesson": "학교 교실 도서관 집",
    "stage": "무대 공원 학교 집",
    "outdoors": "공원 학교 바닷가",
    "court": "공원 학교 체육관",
    "walk": "공원 바닷가 숲 정원",
    "work": "병원 은행 우체국 호텔 식당 서점 사무실 집 공항 박물관 농장",
    "rest": "집 공원 호텔 카페 거실 바닷가",
    "lend": "도서관 학교",
    "garden": "정원 공원 농장",
    "public": "공원 역 동물원 학교 박물관 시장",
    "near": "집 학교 회사 도서관 공원 시장 마트 카페 병원 은행 박물관 극장 수영장 체육관 빵집",
    "destination": "집 학교 회사 도서관 공원 시장 마트 백화점 서점 식당 카페 병원 은행 우체국 역 "
    "공항 박물관 미술관 극장 바닷가 수영장 체육관 놀이터 동물원 빵집 호텔 서울 부산 제주도 파리 "
    "런던 도쿄",
}

# --------------------------------------------------------------------------------------------
# Korean verbs, spelled out: dictionary form, present, past, then the forms before a noun for the
# past, the present and the future, and "if".
# --------------------------------------------------------------------------------------------
VERB_TABLE = """
읽다 읽어요 읽었어요 읽은 읽는 읽을 읽으면
쓰다 써요 썼어요 쓴 쓰는 쓸 쓰면
사다 사요 샀어요 산 사는 살 사면
팔다 팔아요 팔았어요 판 파는 팔 팔면
빌리다 빌려요 빌렸어요 빌린 빌리는 빌릴 빌리면
찾다 찾아요 찾았어요 찾은 찾는 찾을 찾으면
잃어버리다 잃어버려요 잃어버렸어요 잃어버린 잃어버리는 잃어버릴 잃어버리면
그리다 그려요 그렸어요 그린 그리는 그릴 그리면
먹다 먹어요 먹었어요 먹은 먹는 먹을 먹으면
마시다 마셔요 마셨어요 마신 마시는 마실 마시면
만들다 만들어요 만들었어요 만든 만드는 만들 만들면
굽다 구워요 구웠어요 구운 굽는 구울 구우면
씻다 씻어요 씻었어요 씻은 씻는 씻을 씻으면
자르다 잘라요 잘랐어요 자른 자르는 자를 자르면
보다 봐요 봤어요 본 보는 볼 보면
듣다 들어요 들었어요 들은 듣는 들을 들으면
부르다 불러요 불렀어요 부른 부르는 부를 부르면
배우다 배워요 배웠어요 배운 배우는 배울 배우면
가르치다 가르쳐요 가르쳤어요 가르친 가르치는 가르칠 가르치면
공부하다 공부해요 공부했어요 공부한 공부하는 공부할 공부하면
좋아하다 좋아해요 좋아했어요 좋아한 좋아하는 좋아할 좋아하면
싫어하다 싫어해요 싫어했어요 싫어한 싫어하는 싫어할 싫어하면
사랑하다 사랑해요 사랑했어요 사랑한 사랑하는 사랑할 사랑하면
알다 알아요 알았어요 안 아는 알 알면
모르다 몰라요 몰랐어요 모른 모르는 모를 모르면
기억하다 기억해요 기억했어요 기억한 기억하는 기억할 기억하면
만나다 만나요 만났어요 만난 만나는 만날 만나면
기다리다 기다려요 기다렸어요 기다린 기다리는 기다릴 기다리면
돕다 도와요 도왔어요 도운 돕는 도울 도우면
쫓다 쫓아요 쫓았어요 쫓은 쫓는 쫓을 쫓으면
물다 물어요 물었어요 문 무는 물 물면
입다 입어요 입었어요 입은 입는 입을 입으면
신다 신어요 신었어요 신은 신는 신을 신으면
끼다 껴요 꼈어요 낀 끼는 낄 끼면
차다 차요 찼어요 찬 차는 찰 차면
매다 매요 맸어요 맨 매는 맬 매면
두르다 둘러요 둘렀어요 두른 두르는 두를 두르면
치다 쳐요 쳤어요 친 치는 칠 치면
켜다 켜요 켰어요 켠 켜는 켤 켜면
끄다 꺼요 껐어요 끈 끄는 끌 끄면
불다 불어요 불었어요 분 부는 불 불면
하다 해요 했어요 한 하는 할 하면
타다 타요 탔어요 탄 타는 탈 타면
운전하다 운전해요 운전했어요 운전한 운전하는 운전할 운전하면
고치다 고쳐요 고쳤어요 고친 고치는 고칠 고치면
닦다 닦아요 닦았어요 닦은 닦는 닦을 닦으면
열다 열어요 열었어요 연 여는 열 열면
닫다 닫아요 닫았어요 닫은 닫는 닫을 닫으면
심다 심어요 심었어요 심은 심는 심을 심으면
키우다 키워요 키웠어요 키운 키우는 키울 키우면
찍다 찍어요 찍었어요 찍은 찍는 찍을 찍으면
보내다 보내요 보냈어요 보낸 보내는 보낼 보내면
주다 줘요 줬어요 준 주는 줄 주면
받다 받아요 받았어요 받은 받는 받을 받으면
버리다 버려요 버렸어요 버린 버리는 버릴 버리면
옮기다 옮겨요 옮겼어요 옮긴 옮기는 옮길 옮기면
들다 들어요 들었어요 든 드는 들 들면
밀다 밀어요 밀었어요 민 미는 밀 밀면
던지다 던져요 던졌어요 던진 던지는 던질 던지면
잡다 잡아요 잡았어요 잡은 잡는 잡을 잡으면
준비하다 준비해요 준비했어요 준비한 준비하는 준비할 준비하면
초대하다 초대해요 초대했어요 초대한 초대하는 초대할 초대하면
소개하다 소개해요 소개했어요 소개한 소개하는 소개할 소개하면
짓다 지어요 지었어요 지은 짓는 지을 지으면
칠하다 칠해요 칠했어요 칠한 칠하는 칠할 칠하면
숨기다 숨겨요 숨겼어요 숨긴 숨기는 숨길 숨기면
접다 접어요 접었어요 접은 접는 접을 접으면
깨뜨리다 깨뜨려요 깨뜨렸어요 깨뜨린 깨뜨리는 깨뜨릴 깨뜨리면
끓이다 끓여요 끓였어요 끓인 끓이는 끓일 끓이면
자다 자요 잤어요 잔 자는 잘 자면
웃다 웃어요 웃었어요 웃은 웃는 웃을 웃으면
울다 울어요 울었어요 운 우는 울 울면
쉬다 쉬어요 쉬었어요 쉰 쉬는 쉴 쉬면
뛰다 뛰어요 뛰었어요 뛴 뛰는 뛸 뛰면
걷다 걸어요 걸었어요 걸은 걷는 걸을 걸으면
일하다 일해요 일했어요 일한 일하는 일할 일하면
수영하다 수영해요 수영했어요 수영한 수영하는 수영할 수영하면
운동하다 운동해요 운동했어요 운동한 운동하는 운동할 운동하면
산책하다 산책해요 산책했어요 산책한 산책하는 산책할 산책하면
요리하다 요리해요 요리했어요 요리한 요리하는 요리할 요리하면
노래하다 노래해요 노래했어요 노래한 노래하는 노래할 노래하면
춤추다 춤춰요 춤췄어요 춤춘 춤추는 춤출 춤추면
놀다 놀아요 놀았어요 논 노는 놀 놀면
앉다 앉아요 앉았어요 앉은 앉는 앉을 앉으면
눕다 누워요 누웠어요 누운 눕는 누울 누우면
가다 가요 갔어요 간 가는 갈 가면
오다 와요 왔어요 온 오는 올 오면
도착하다 도착해요 도착했어요 도착한 도착하는 도착할 도착하면
돌아오다 돌아와요 돌아왔어요 돌아온 돌아오는 돌아올 돌아오면
살다 살아요 살았어요 산 사는 살 살면
전화하다 전화해요 전화했어요 전화한 전화하는 전화할 전화하면
있다 있어요 있었어요 있은 있는 있을 있으면
없다 없어요 없었어요 없은 없는 없을 없으면
"""

# Verbs made of a noun and 하다 that part before 안: 공부 안 해요.
SEPARABLE = [
    "공부하다",
    "운전하다",
    "준비하다",
    "초대하다",
    "소개하다",
    "일하다",
    "수영하다",
    "운동하다",
    "산책하다",
    "요리하다",
    "노래하다",
    "전화하다",
    "도착하다",
    "칠하다",
    "사랑하다",
    "기억하다",
]

# English verbs: base, third person, past, -ing.
ENGLISH_VERB_TABLE = """
arrive arrives arrived arriving
bake bakes baked baking
bite bites bit biting
boil boils boiled boiling
borrow borrows borrowed borrowing
break breaks broke breaking
build builds built building
buy buys bought buying
call calls called calling
catch catches caught catching
chase chases chased chasing
close closes closed closing
come comes came coming
cook cooks cooked cooking
cry cries cried crying
cut cuts cut cutting
dance dances danced dancing
dislike dislikes disliked disliking
do does did doing
draw draws drew drawing
drink drinks drank drinking
drive drives drove driving
eat eats ate eating
exercise exercises exercised exercising
find finds found finding
fix fixes fixed fixing
fold folds folded folding
give gives gave giving
go goes went going
grill grills grilled grilling
grow grows grew growing
have has had having
help helps helped helping
hide hides hid hiding
introduce introduces introduced introducing
invite invites invited inviting
kick kicks kicked kicking
know knows knew knowing
laugh laughs laughed laughing
learn learns learned learning
lie lies lay lying
lift lifts lifted lifting
like likes liked liking
listen listens listened listening
live lives lived living
look looks looked looking
lose loses lost losing
love loves loved loving
make makes made making
meet meets met meeting
move moves moved moving
open opens opened opening
paint paints painted painting
phone phones phoned phoning
plant plants planted planting
play plays played playing
prepare prepares prepared preparing
push pushes pushed pushing
raise raises raised raising
read reads read reading
receive receives received receiving
remember remembers remembered remembering
rest rests rested resting
ride rides rode riding
run runs ran running
see sees saw seeing
sell sells sold selling
send sends sent sending
sing sings sang singing
sit sits sat sitting
sleep sleeps slept sleeping
study studies studied studying
swim swims swam swimming
take takes took taking
teach teaches taught teaching
throw throws threw throwing
turn turns turned turning
use uses used using
wait waits waited waiting
walk walks walked walking
want wants wanted wanting
wash washes washed washing
watch watches watched watching
wear wears wore wearing
wipe wipes wiped wiping
work works worked working
write writes wrote writing
"""

# --------------------------------------------------------------------------------------------
# What a verb goes with: Korean verb, English verb | objects | places | manners | flags.
# Objects are classes, groups or single nouns; a minus takes one away. A dot stands for none.
# Flags: animal (subjects are animals), both (animals too); event (no progressive), state, wear;
# daily (a habit); making (the object was not there before); single (stands alone, not in a chain
# of actions); the (play *the* piano); background, calm (listen to music while reading); to, to? (a
# person receives it, or may); on, dest, at, in (a goal); 가, 에게 (the object's particle);
# negative (the verb means "not"); alone (not
# with someone).
# --------------------------------------------------------------------------------------------
FRAME_TABLE = """
읽다 read | text writing mail -사전 | quiet | 조용히 천천히 혼자 다시 | daily calm
쓰다 write | 편지 이메일 엽서 카드 시 보고서 소설 | desk | 천천히 혼자 빨리 | calm making
쓰다 wear | headwear | . | . | wear
쓰다 use | 컴퓨터 카메라 휴대폰 세탁기 에어컨 stationery 우산 수건 칼 지도 사전 | . | 조심스럽게 | .
사다 buy | produce 빵 치즈 고기 생선 쿠키 케이크 우유 물 주스 콜라 맥주 와인 | grocery | 혼자 | .
사다 buy | clothes | fashion | 혼자 | .
사다 buy | text -교과서 | books | 혼자 | .
사다 buy | furniture device vehicle container dishware toy goods instrument stationery ticket flower
    pet 그림 포스터 지도 카드 선물 집 샌드위치 햄버거 커피 | . | . | .
팔다 sell | produce 빵 치즈 고기 생선 쿠키 만두 주스 clothes flower | 시장 | . | .
팔다 sell | furniture device vehicle instrument text 그림 집 farm container toy 우산 텐트 | . | . |
    .
빌리다 borrow | text -신문 | lend | . | .
빌리다 borrow | stationery 우산 자동차 자전거 카메라 기타 바이올린 텐트 컴퓨터 한복 코트 헬멧 칼
    의자 램프 | . | . | .
찾다 find | small pet | . | 빨리 | event single
잃어버리다 lose | small pet -꽃병 -램프 -텐트 | public | . | event single
그리다 draw | people animal flower tree fruit 꽃병 집 다리 탑 지도 그림 의자 자동차 버스 기차
    비행기 | 집 공원 교실 바닷가 | 천천히 혼자 조용히 | calm making
먹다 eat | fruit -레몬 당근 토마토 오이 고구마 감자 dish meal | meal | 빨리 천천히 혼자 | daily
마시다 drink | drink | 집 카페 공원 식당 | 빨리 천천히 혼자 | daily background
만들다 make | dish -치즈 -고기 -생선 -밥 -빵 -쿠키 -케이크 | kitchen | 혼자 빨리 | making
만들다 make | 의자 책상 침대 탁자 인형 장난감 가방 바구니 코트 치마 셔츠 반지 팔찌 목도리 카드 램프
    꽃병 | . | 혼자 천천히 | making
굽다 bake | 빵 케이크 쿠키 | 집 부엌 빵집 | 혼자 천천히 | making
굽다 grill | 고기 생선 | kitchen | 천천히 | .
씻다 wash | produce 컵 접시 칼 | 집 부엌 | 빨리 조심스럽게 혼자 | calm
자르다 cut | 사과 수박 복숭아 오이 양파 당근 감자 토마토 케이크 빵 고기 피자 치즈 | kitchen |
    조심스럽게 천천히 빨리 | calm
보다 see | people animal building flower tree 비행기 | public | . | event both
보다 watch | film | 집 극장 | 조용히 혼자 다시 | daily
보다 watch | ballgame 테니스 골프 | 집 | 조용히 혼자 | daily
보다 watch | 뉴스 | 집 거실 | 조용히 혼자 | daily the
보다 look_at | picture | 집 카페 학교 | 조용히 오래 | .
듣다 listen_to | audio | 집 카페 거실 공원 | 조용히 혼자 다시 | daily background
듣다 listen_to | 라디오 뉴스 | 집 거실 부엌 | 조용히 혼자 | daily the background
부르다 sing | 노래 | stage | 크게 혼자 다시 | daily background
부르다 call | people | . | 크게 다시 | event
배우다 learn | language subject | lesson | 열심히 혼자 | .
배우다 learn | ballgame racket | 학교 체육관 공원 | 열심히 | .
배우다 learn | instrument | 학교 교실 집 | 열심히 혼자 | the
가르치다 teach | language subject | 학교 교실 도서관 | 열심히 | to?
가르치다 teach | ballgame racket | 학교 체육관 공원 | 열심히 | to?
가르치다 teach | instrument | 학교 교실 집 | 열심히 | the to?
공부하다 study | language subject | quiet | 열심히 혼자 조용히 | daily calm
좋아하다 like | people animal film text audio drink dish ballgame racket language subject | . | . |
    state
싫어하다 dislike | people animal film text audio drink dish ballgame racket subject | . | . | state
사랑하다 love | people pet | . | . | state
알다 know | people 노래 시 영화 | . | . | state
모르다 know | people 노래 시 영화 | . | . | state negative
기억하다 remember | people 노래 시 영화 소설 | . | . | state
만나다 meet | people | meeting | 다시 | daily
기다리다 wait_for | people | waiting | 조용히 혼자 | calm
기다리다 wait_for | 버스 기차 택시 | 역 | 조용히 혼자 | .
기다리다 wait_for | 비행기 | 공항 | 조용히 혼자 | .
기다리다 wait_for | 편지 소포 | 집 | 조용히 혼자 | .
기다리다 wait_for | 지하철 | . | 조용히 혼자 | the
돕다 help | people | . | . | .
쫓다 chase | animal people | 공원 숲 농장 | 빨리 | animal
쫓다 chase | pet 오리 닭 쥐 새 원숭이 여우 | 공원 농장 | 빨리 | single
물다 bite | people animal | . | . | animal event
입다 wear | outfit | . | . | wear
신다 wear | footwear | . | . | wear
끼다 wear | handwear | . | . | wear
차다 wear | wristwear | . | . | wear
매다 wear | neckwear | . | . | wear
두르다 wear | scarf | . | . | wear
차다 kick | 공 | outdoors | . | event
치다 play | keys | stage | 즐겁게 조용히 혼자 | daily the
치다 play | racket | court | 즐겁게 | daily
켜다 play | strings | stage | 즐겁게 조용히 혼자 | daily the
켜다 turn_on | 텔레비전 컴퓨터 라디오 램프 에어컨 카메라 | . | . | event
끄다 turn_off | 텔레비전 컴퓨터 라디오 램프 에어컨 카메라 | . | . | event
불다 play | winds | stage | 즐겁게 조용히 혼자 | daily the
하다 play | ballgame | court | 즐겁게 | daily
하다 do | 숙제 | desk | 빨리 혼자 열심히 | daily
타다 ride | 자전거 오토바이 말 | 공원 바닷가 | 천천히 빨리 혼자 | daily
타다 take | 버스 기차 택시 | . | 혼자 | event daily
타다 take | 비행기 | . | 혼자 | event
타다 take | 지하철 | . | . | event daily the
운전하다 drive | 자동차 트럭 버스 택시 | 서울 부산 | 천천히 조심스럽게 | daily
고치다 fix | device vehicle 의자 책상 침대 시계 문 창문 램프 우산 장난감 기타 피아노 | . | 혼자 빨리
    | .
닦다 wipe | 책상 탁자 의자 거울 창문 안경 접시 컵 구두 | 집 | 빨리 조심스럽게 | calm
열다 open | opening container -바구니 선물 소포 | . | 조용히 천천히 조심스럽게 | event
닫다 close | opening container -바구니 | . | 조용히 천천히 | event
심다 plant | flower tree | garden | 조심스럽게 | .
키우다 raise | pet farm | 집 농장 | . | single
키우다 grow | flower tree 토마토 감자 오이 당근 고구마 | garden | . | single
찍다 take | 사진 | walk | 혼자 | making
보내다 send | mail 보고서 gift 사진 flower 표 | . | 빨리 | to?
주다 give | text -신문 mail gift flower fruit 쿠키 케이크 샌드위치 빵 인형 장난감 공 우산 반지 시계
    표 사진 커피 물 우유 | . | . | to
    event
받다 receive | mail gift flower 표 사진 | . | . | event single
버리다 throw_away | text 보고서 clothes furniture toy container 편지 사진 포스터 지우개 컵 접시
    | . | . | event
옮기다 move | furniture -거울 상자 냉장고 세탁기 피아노 바구니 | . | 조심스럽게 천천히 혼자 | .
들다 lift | container 꽃병 텐트 의자 탁자 | . | 조심스럽게 천천히 혼자 | event
밀다 push | 책상 의자 침대 소파 자동차 상자 냉장고 | . | 천천히 혼자 | .
던지다 throw | 공 장난감 인형 | outdoors | . | event
잡다 catch | 쥐 새 토끼 닭 오리 | 숲 농장 | 빨리 | event both single
준비하다 prepare | meal 선물 | 집 부엌 | 혼자 빨리 | making
초대하다 invite | people | . | . | event
소개하다 introduce | people | . | . | to event
짓다 build | building | 서울 부산 한국 독일 | . | single making
칠하다 paint | 의자 책상 탁자 침대 opening 상자 다리 집 | . | 천천히 혼자 다시 | .
숨기다 hide | 선물 열쇠 지갑 반지 편지 인형 사진 쿠키 | . | 빨리 조심스럽게 | event
접다 fold | 담요 수건 셔츠 치마 바지 지도 | . | 천천히 빨리 조심스럽게 | .
깨뜨리다 break | 컵 접시 꽃병 창문 거울 램프 안경 | . | . | event single
끓이다 boil | 물 우유 감자 고구마 | kitchen | . | .
끓이다 cook | 라면 수프 | kitchen | 혼자 빨리 | making
전화하다 phone | people | . | . | 에게 daily event
있다 have | pet 자동차 자전거 카메라 컴퓨터 우산 텐트 표 숙제 지도 피아노 기타 사전 | . | . | state
    가
없다 have | pet 자동차 자전거 카메라 컴퓨터 우산 텐트 표 숙제 지도 피아노 기타 사전 | . | . | state
    가 negative
먹다 eat | 사과 바나나 당근 고구마 빵 치즈 고기 생선 | 정원 부엌 농장 | 빨리 천천히 | animal
마시다 drink | 물 우유 | 정원 부엌 농장 | 빨리 천천히 | animal
자다 sleep | . | 집 호텔 거실 | 잘 오래 | both daily alone
웃다 laugh | . | 집 학교 교실 극장 | 크게 많이 | .
울다 cry | . | 집 학교 극장 공항 | 크게 많이 조용히 | .
쉬다 rest | . | rest | 오래 조용히 혼자 | both calm daily
뛰다 run | . | 공원 학교 바닷가 숲 | 빨리 천천히 | both daily
걷다 walk | . | walk | 빨리 천천히 혼자 오래 | daily calm
일하다 work | . | work | 열심히 오래 혼자 | daily calm
수영하다 swim | . | 수영장 바닷가 호텔 | 빨리 천천히 혼자 오래 | daily
운동하다 exercise | . | 체육관 공원 집 | 열심히 혼자 | daily
산책하다 take_a_walk | . | walk | 천천히 혼자 | daily
요리하다 cook | . | kitchen | 혼자 | daily calm
노래하다 sing | . | stage | 크게 혼자 즐겁게 | daily
춤추다 dance | . | stage | 즐겁게 혼자 | daily
놀다 play | . | 놀이터 공원 집 정원 바닷가 | 즐겁게 혼자 조용히 | daily animal
앉다 sit | . | . | 조용히 | on event single
눕다 lie_down | . | . | 조용히 | on event single
가다 go | . | destination | 혼자 일찍 | dest daily
오다 come | . | destination | 혼자 일찍 | dest daily
돌아오다 come_back | . | destination | 혼자 일찍 | dest
도착하다 arrive | . | 집 학교 회사 공원 시장 병원 은행 역 공항 박물관 극장 바닷가 호텔 서울 부산
    파리 런던 도쿄 | 일찍 | at event
살다 live | . | city | 혼자 | in state
"""
SEATS = {"앉다": "의자 소파 침대", "눕다": "침대 소파"}  # what one sits or lies on

# --------------------------------------------------------------------------------------------
# Adjectives: Korean, present, past, before a noun | English, comparative | nouns.
# A dot for the comparative: none. 새 (new) and 낡은 stand only before nouns.
# --------------------------------------------------------------------------------------------
ADJECTIVE_TABLE = """
크다 커요 컸어요 큰 | big bigger | animal furniture container building fruit dishware toy 나무
    케이크 자동차 트럭 꽃 텐트
작다 작아요 작았어요 작은 | small smaller | animal furniture container building fruit dishware toy
    나무 케이크 자동차 꽃
    텐트 카메라
비싸다 비싸요 비쌌어요 비싼 | expensive more_expensive | clothes furniture device vehicle instrument
    와인 고기 가방 표
    집
싸다 싸요 쌌어요 싼 | cheap cheaper | clothes furniture device vehicle instrument 와인 고기 가방 표
    집
좋다 좋아요 좋았어요 좋은 | good better | text film furniture device instrument 노래 차 와인 자전거
    자동차
예쁘다 예뻐요 예뻤어요 예쁜 | pretty prettier | outfit footwear scarf handwear wristwear flower 모자
    꽃병 인형 카드 엽서 컵
    접시 새 가방 담요
아름답다 아름다워요 아름다웠어요 아름다운 | beautiful more_beautiful | flower building 그림 사진
    노래 시 나무 한복 새 말
귀엽다 귀여워요 귀여웠어요 귀여운 | cute cuter | pet 아이 인형 새 원숭이 오리 조카
맛있다 맛있어요 맛있었어요 맛있는 | delicious more_delicious | fruit -레몬 dish -밥 토마토 고구마
    커피 차 코코아 주스 와인
달다 달아요 달았어요 단 | sweet sweeter | fruit -레몬 케이크 쿠키 주스
맵다 매워요 매웠어요 매운 | spicy spicier | 김치 국수 라면 수프 비빔밥 만두
짜다 짜요 짰어요 짠 | salty saltier | 수프 김치 치즈 라면 생선 국수
뜨겁다 뜨거워요 뜨거웠어요 뜨거운 | hot hotter | 커피 차 녹차 수프
차갑다 차가워요 차가웠어요 차가운 | cold colder | 물 우유 주스 맥주 콜라
따뜻하다 따뜻해요 따뜻했어요 따뜻한 | warm warmer | 코트 스웨터 장갑 목도리 양말 담요 우유 빵 차
무겁다 무거워요 무거웠어요 무거운 | heavy heavier | container furniture 사전 교과서 코트 카메라 텐트
    피아노 냉장고 수박
가볍다 가벼워요 가벼웠어요 가벼운 | light lighter | container 의자 재킷 운동화 카메라 텐트 우산
    자전거
길다 길어요 길었어요 긴 | long longer | 치마 원피스 코트 목도리 소설 편지 영화 다리 보고서 이메일 시
    바지
짧다 짧아요 짧았어요 짧은 | short shorter | 치마 소설 편지 영화 다리 보고서 이메일 시 바지 연필 노래
두껍다 두꺼워요 두꺼웠어요 두꺼운 | thick thicker | text -신문 코트 스웨터 담요 양말
얇다 얇아요 얇았어요 얇은 | thin thinner | text -신문 코트 스웨터 담요 양말 재킷
낮다 낮아요 낮았어요 낮은 | low lower | 의자 책상 침대 탁자 소파
넓다 넓어요 넓었어요 넓은 | wide wider | 침대 책상 탁자 소파 다리
좁다 좁아요 좁았어요 좁은 | narrow narrower | 침대 책상 다리
깨끗하다 깨끗해요 깨끗했어요 깨끗한 | clean cleaner | dishware 수건 담요 셔츠 양말 교복 opening 거울
    침대 물
더럽다 더러워요 더러웠어요 더러운 | dirty dirtier | dishware 수건 담요 셔츠 신발 운동화 opening 거울
    가방 자동차 장갑
낡다 . . 낡은 | old . | text 청바지 코트 구두 운동화 가방 의자 소파 자전거 트럭
    라디오 피아노 집 다리 지갑 우산 카메라
새 . . 새 | new . | clothes container device vehicle instrument furniture text stationery goods toy
    dishware 집
빨갛다 빨개요 빨갰어요 빨간 | red . | outfit -한복 -교복 footwear 모자 장갑 목도리 넥타이 가방 우산
    자동차 자전거 공 flower 사과 지갑
파랗다 파래요 파랬어요 파란 | blue . | outfit -한복 -교복 footwear 모자 장갑 목도리 넥타이 가방 우산
    자동차 자전거 공 문 의자 새
노랗다 노래요 노랬어요 노란 | yellow . | outfit -한복 -교복 footwear 모자 장갑 목도리 넥타이 가방
    우산 자동차 flower 새 컵
하얗다 하얘요 하얬어요 하얀 | white . | outfit -한복 -교복 -청바지 footwear 모자 장갑 flower 말
    고양이 토끼 집 접시 새
까맣다 까매요 까맸어요 까만 | black . | outfit -한복 -교복 footwear 모자 장갑 가방 우산 자동차
    고양이 개 말 선글라스
재미있다 재미있어요 재미있었어요 재미있는 | interesting more_interesting | text -사전 film 역사 과학
지루하다 지루해요 지루했어요 지루한 | boring more_boring | 소설 잡지 책 교과서 film 보고서
슬프다 슬퍼요 슬펐어요 슬픈 | sad sadder | 영화 소설 노래 시 편지
무섭다 무서워요 무서웠어요 무서운 | scary scarier | 사자 호랑이 곰 영화 소설 개
어렵다 어려워요 어려웠어요 어려운 | difficult more_difficult | 책 교과서 시 노래 language subject
    숙제
쉽다 쉬워요 쉬웠어요 쉬운 | easy easier | 책 교과서 노래 숙제
유명하다 유명해요 유명했어요 유명한 | famous more_famous | 가수 화가 배우 작가 과학자 요리사
    운동선수 영화 노래 그림 소설 탑
친절하다 친절해요 친절했어요 친절한 | kind kinder | people -군인
부지런하다 부지런해요 부지런했어요 부지런한 | hardworking more_hardworking | people -아이 -관광객
정직하다 정직해요 정직했어요 정직한 | honest more_honest | people
건강하다 건강해요 건강했어요 건강한 | healthy healthier | people pet farm -의사 -간호사
똑똑하다 똑똑해요 똑똑했어요 똑똑한 | smart smarter | people pet 원숭이 여우
젊다 젊어요 젊었어요 젊은 | young younger | person -아이 -학생 -대학생 -관광객
바쁘다 바빠요 바빴어요 바쁜 | busy busier | person -아이 -관광객 친구 동료
조용하다 조용해요 조용했어요 조용한 | quiet quieter | people -가수 음악 노래 고양이
시끄럽다 시끄러워요 시끄러웠어요 시끄러운 | noisy noisier | 아이 이웃 새 개 음악 냉장고 세탁기
    에어컨 오토바이
용감하다 용감해요 용감했어요 용감한 | brave braver | 소방관 군인 경찰관 아이 남자 여자
게으르다 게을러요 게을렀어요 게으른 | lazy lazier | 고양이 학생 동료 조카 요리사
빠르다 빨라요 빨랐어요 빠른 | fast faster | vehicle 기차 말 토끼 컴퓨터 운동선수
느리다 느려요 느렸어요 느린 | slow slower | 버스 기차 트럭 컴퓨터 거북이 음악 노래
편하다 편해요 편했어요 편한 | comfortable more_comfortable | 의자 침대 소파 footwear 바지 청바지
    셔츠
부드럽다 부드러워요 부드러웠어요 부드러운 | soft softer | 담요 수건 빵 케이크 스웨터 목도리
"""

# Feelings: said of oneself only. Korean, present, past, before 때문 | English.
FEELING_TABLE = """
피곤하다 피곤해요 피곤했어요 피곤한 | tired
행복하다 행복해요 행복했어요 행복한 | happy
슬프다 슬퍼요 슬펐어요 슬픈 | sad
외롭다 외로워요 외로웠어요 외로운 | lonely
심심하다 심심해요 심심했어요 심심한 | bored
졸리다 졸려요 졸렸어요 졸린 | sleepy
아프다 아파요 아팠어요 아픈 | sick
"""

# --------------------------------------------------------------------------------------------
# Fixed phrases: Korean | gloss | English. An English word links to the first Korean word; "=1"
# names another one, "~" makes the link possible only.
# --------------------------------------------------------------------------------------------
TIME_TABLE = """
어제 | yesterday | yesterday | past
그저께 | day.before.yesterday | the~ day before yesterday | past
어젯밤에 | last.night-AT | last night | past
오늘 아침에 | today morning-IN | this morning=1 | past
지난주에 | last.week-IN | last week | past
지난달에 | last.month-IN | last month | past
작년에 | last.year-IN | last year | past
작년 여름에 | last.year summer-IN | last summer=1 | past
오늘 | today | today | past future
아침에 | morning-IN | in~ the~ morning | past future
오후에 | afternoon-IN | in~ the~ afternoon | past future
저녁에 | evening-IN | in~ the~ evening | past future
밤에 | night-AT | at~ night | past future
주말에 | weekend-ON | on~ the~ weekend | past future
월요일에 | Monday-ON | on~ Monday | past future
화요일에 | Tuesday-ON | on~ Tuesday | past future
수요일에 | Wednesday-ON | on~ Wednesday | past future
목요일에 | Thursday-ON | on~ Thursday | past future
금요일에 | Friday-ON | on~ Friday | past future
토요일에 | Saturday-ON | on~ Saturday | past future
일요일에 | Sunday-ON | on~ Sunday | past future
두 시에 | two o'clock-AT | at~1 two=0 o'clock=1 | past future
세 시에 | three o'clock-AT | at~1 three=0 o'clock=1 | past future
다섯 시에 | five o'clock-AT | at~1 five=0 o'clock=1 | past future
일곱 시에 | seven o'clock-AT | at~1 seven=0 o'clock=1 | past future
내일 | tomorrow | tomorrow | future
모레 | day.after.tomorrow | the~ day after tomorrow | future
내일 아침에 | tomorrow morning-IN | tomorrow morning=1 | future
다음 주에 | next week-IN | next week=1 | future
다음 달에 | next month-IN | next month=1 | future
내년에 | next.year-IN | next year | future
매일 | every.day | every day | habit
매주 | every.week | every week | habit
매일 아침 | every.day morning | every morning=1 | habit
매일 저녁 | every.day evening | every evening=1 | habit
주말마다 | weekend-EVERY | every weekend | habit
일요일마다 | Sunday-EVERY | every Sunday | habit
지금 | now | now | now
"""
MANNER_TABLE = """
조용히 | quietly | quietly
천천히 | slowly | slowly
빨리 | quickly | quickly
열심히 | diligently | diligently
혼자 | alone | alone
일찍 | early | early
다시 | again | again
크게 | loudly | loudly
조심스럽게 | carefully | carefully
즐겁게 | happily | happily
잘 | well | well
많이 | much | a~ lot
오래 | long | for~ a~ long~ time
"""
QUESTION_TABLE = """
어디에서 | where-AT | where
언제 | when | when
왜 | why | why
"""
DEGREE_TABLE = """
아주 | very | very
정말 | really | really
조금 | a.little | a~ little
너무 | too | too
"""
# How one travels.
MEANS_TABLE = """
버스로 | bus-BY | by~ bus
기차로 | train-BY | by~ train
지하철로 | subway-BY | by~ subway
택시로 | taxi-BY | by~ taxi
자전거로 | bicycle-BY | by~ bicycle
"""
# What one draws, writes or cuts with.
TOOLS = {
    ("그리다", "draw"): "연필 펜 붓",
    ("쓰다", "write"): "연필 펜",
    ("자르다", "cut"): "칼",
    ("칠하다", "paint"): "붓",
}

# Reasons, and what they lead to (verbs, told apart by their English where needed); "안" asks for
# something not done, "indoors" for a place with a roof.
REASON_TABLE = """
비가 와서 | rain-SUBJ come-BECAUSE | it~1 rained=0~1 | indoors rest sleep read listen take:버스
    drink cook bake write
눈이 와서 | snow-SUBJ come-BECAUSE | it~1 snowed=0~1 | indoors rest sleep read listen take:버스
    drink cook bake write
날씨가 추워서 | weather-SUBJ cold-BECAUSE | the~ weather was~1 cold=1 | indoors sleep rest take:버스
    wear:목도리 cook read
날씨가 더워서 | weather-SUBJ hot-BECAUSE | the~ weather was~1 hot=1 | swim rest drink sleep
날씨가 좋아서 | weather-SUBJ good-BECAUSE | the~ weather was~1 good=1 | take_a_walk walk run ride
    swim plant
시간이 없어서 | time-SUBJ not.exist-BECAUSE | I~1 did~1 not~1 have=1 time | 안 read write watch cook
    meet bake exercise do study eat
시간이 많아서 | time-SUBJ much-BECAUSE | I~1 had~1 a~1 lot=1 of~1 time | read write watch draw cook
    bake take_a_walk listen study
배가 고파서 | stomach-SUBJ hungry-BECAUSE | I~1 was~1 hungry=1~0 | eat bake grill cook
목이 말라서 | throat-SUBJ dry-BECAUSE | I~1 was~1 thirsty=1~0 | drink
피곤해서 | tired-BECAUSE | I~ was~ tired | sleep rest take:버스 lie_down
심심해서 | bored-BECAUSE | I~ was~ bored | read watch listen draw phone sing dance walk
아파서 | sick-BECAUSE | I~ was~ sick | indoors rest sleep lie_down
"""
CONDITION_TABLE = """
비가 오면 | rain-SUBJ come-IF | it~1 rains=0~1 | indoors rest sleep read listen take:버스 drink cook
    bake write
눈이 오면 | snow-SUBJ come-IF | it~1 snows=0~1 | indoors rest sleep read listen take:버스 drink cook
    bake write
날씨가 좋으면 | weather-SUBJ good-IF | the~ weather is~1 good=1 | take_a_walk walk run ride swim
    plant
날씨가 추우면 | weather-SUBJ cold-IF | the~ weather is~1 cold=1 | indoors sleep rest take:버스
    wear:목도리 cook read
시간이 있으면 | time-SUBJ exist-IF | I~1 have=1 time | read write watch draw cook bake take_a_walk
    listen study meet
시간이 없으면 | time-SUBJ not.exist-IF | I~1 do~1 not~1 have=1 time | 안 read write watch cook meet
    bake exercise study
배가 고프면 | stomach-SUBJ hungry-IF | I~1 am~1 hungry=1~0 | eat bake grill cook
피곤하면 | tired-IF | I~ am~ tired | sleep rest take:버스 lie_down
"""
INDOORS = "집 도서관 카페 교실 거실 부엌 식당 사무실 호텔 빵집"
# What one does because someone came or slept.
RESPONSES = {
    "come": "prepare cook bake grill boil drink hide",
    "arrive": "prepare cook bake grill boil drink hide",
    "come_back": "prepare cook bake grill boil drink hide",
    "sleep": "read rest turn_off close study write",
}
# Where things lie: Korean, gloss, English.
POSITION_TABLE = """
위에 on.top-AT on
안에 inside-AT in
옆에 beside-AT next_to
밑에 under-AT under
앞에 front-AT in_front_of
뒤에 back-AT behind
"""
CONTAINERS = {"위에": "책상 탁자 의자 침대 소파", "안에": "가방 상자 바구니 배낭 냉장고"}
LANDMARKS = "의자 책상 침대 소파 탁자 문 창문 나무 상자 텔레비전 자동차"
"""What 옆에, 밑에, 앞에 and 뒤에 may follow."""


def word_set(names: str) -> frozenset[str]:
    """Split a line of words into a set."""
    return frozenset(names.split())


# --------------------------------------------------------------------------------------------
# What makes sense together
# --------------------------------------------------------------------------------------------
LASTING = word_set("사다 팔다 배우다 가르치다 심다 만나다 일하다 빌리다 받다")  # last month, year
SLOW = word_set("짓다 키우다 살다")  # not this morning
OWN_NEGATIVE = word_set("알다 모르다 있다 없다")  # 알다, 몰라요
HEATING = word_set("끓이다 굽다")
MEASURED = word_set(  # one can be a little or too much so
    "큰 작은 비싼 싼 매운 짠 단 뜨거운 차가운 무거운 가벼운 긴 짧은 두꺼운 얇은 낮은 넓은 좁은 "
    "더러운 어려운 쉬운 시끄러운 느린 빠른 지루한 무서운 바쁜"
)
ROOTS = {"조용히": "quiet", "천천히": "slow", "빨리": "fast"}  # a manner's adjective
# Adjectives and manners that contradict each other.
CLASHES = {("시끄러운", "조용히"), ("느린", "빨리"), ("빠른", "천천히")}
TASTES = word_set("맛있는 단 매운 짠 슬픈 긴 짧은")
UNTASTED = word_set("기다리다 그리다 키우다 심다 씻다 숨기다 던지다 버리다")  # not *washed a sweet*
WORN = word_set("낡은 더러운 새 유명한")  # not of a thing just being made
# What one may still be doing to a thing that someone does something else with.
LINGERING = word_set("읽다 듣다 보다 기다리다 쓰다 돕다 운전하다 고치다 칠하다 부르다")
UNCOUNTED = word_set(
    "타다 운전하다 켜다 끄다 하다 치다 불다 가르치다 배우다 공부하다 숨기다 차다 던지다 밀다"
)
# The verbs that a thing is still there for after this was done to it.
AFTERLIFE = {
    **dict.fromkeys(("먹다", "마시다"), "좋아하다"),
    **dict.fromkeys(("버리다", "잃어버리다", "숨기다"), "찾다"),
    **dict.fromkeys(("팔다", "보내다", "던지다"), "찾다 사다 받다 보다 그리다 읽다 먹다 고치다"),
    **dict.fromkeys(("자르다", "씻다"), "먹다 자르다 끓이다 굽다"),
    "깨뜨리다": "버리다 고치다 옮기다",
}


class Noun(NamedTuple):
    """A noun, or a name or pronoun used like one; `number` is count, mass or plural."""

    korean: str
    singular: tuple[str, ...]
    plural: tuple[str, ...]
    kind: str
    number: str = "count"
    counter: str = ""
    measure: str = ""


class Place(NamedTuple):
    """A place with its preposition and article; no article and no preposition after *go*: home."""

    korean: str
    english: tuple[str, ...]
    preposition: str
    article: str


class Phrase(NamedTuple):
    """A fixed phrase: each English word with the Korean words it links to, surely or possibly."""

    korean: tuple[str, ...]
    gloss: tuple[str, ...]
    english: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    tags: tuple[str, ...] = ()


class Frame(NamedTuple):
    """A verb or adjective with its forms, its English, and what it goes with."""

    lemma: str
    forms: dict[str, str]
    english: str
    tail: tuple[str, ...]
    objects: tuple[Noun, ...] = ()
    places: tuple[Place, ...] = ()
    manners: tuple[Phrase, ...] = ()
    flags: frozenset[str] = frozenset()


class Adjective(NamedTuple):
    """An adjective; `frame` is its use as a predicate, None for 새."""

    korean: str
    english: str
    comparative: tuple[str, ...]
    nouns: frozenset[str]
    frame: Frame | None


def _rows(table: str) -> Iterator[list[str]]:
    """Yield the columns of each row of a table with bars; an indented line continues a row."""
    for line in table.strip().replace("\n    ", " ").splitlines():
        yield [column.strip() for column in line.split("|")]


def _nouns() -> dict[str, Noun]:
    nouns, kind, counter = {}, "", ""
    for line in NOUN_TABLE.strip().splitlines():
        if line.startswith("["):
            kind, _, counter = line[1:].partition("]")
            counter = counter.strip()
            continue
        korean, english, *rest = line.split()
        plural, count, measure = [*rest, "+", "", ""][:3] if not rest else [*rest, "", ""][:3]
        number = {"-": "mass", "=": "plural"}.get(plural, "count")
        plural = {"-": english, "=": english, "+": english + "s"}.get(plural, plural)
        nouns[korean] = Noun(
            korean,
            tuple(english.split("_")),
            tuple(plural.split("_")),
            kind,
            number,
            count or counter,
            measure,
        )
    return nouns


NOUNS = _nouns()
PEOPLE = {
    korean: Noun(korean, (english,), (english,), "name", "mass")
    for korean, english in NAMES.items()
}
PLACES = {
    row[0]: Place(row[0], tuple(row[1].split("_")), row[2], row[3].strip("-"))
    for row in (line.split() for line in PLACE_TABLE.strip().splitlines())
}
ENGLISH_VERBS = {row.split()[0]: row.split() for row in ENGLISH_VERB_TABLE.strip().splitlines()}


def choose_nouns(spec: str) -> tuple[Noun, ...]:
    """Look up classes, groups and single nouns; "-x" takes x away."""
    chosen: dict[str, Noun] = {}
    for name in spec.replace(".", "").split():
        kinds = GROUPS.get(name.lstrip("-"), name.lstrip("-")).split()
        found = {key: noun for key, noun in NOUNS.items() if noun.kind in kinds or key in kinds}
        if not found:
            raise ValueError(f"the lexicon has no noun or class {name!r} (in {spec!r})")
        if name.startswith("-"):
            chosen = {key: noun for key, noun in chosen.items() if key not in found}
        else:
            chosen.update(found)
    return tuple(chosen.values())


def choose_places(spec: str) -> tuple[Place, ...]:
    """Look up place groups and single places."""
    names = " ".join(PLACE_GROUPS.get(name, name) for name in spec.replace(".", "").split())
    return tuple(PLACES[name] for name in dict.fromkeys(names.split()))


def _phrase(korean: str, gloss: str, english: str, tags: str = "") -> Phrase:
    words = []
    for word in english.split():
        text = word.split("=")[0].split("~")[0]
        sure, possible = (word.partition("~")[0].partition("=")[2], word.partition("~")[2])
        if "=" not in word and "~" not in word:
            sure = "0"
        if word.endswith("~"):
            possible = "0"
        words.append((text, tuple(map(int, sure)), tuple(map(int, possible))))
    return Phrase(tuple(korean.split()), tuple(gloss.split()), tuple(words), tuple(tags.split()))


TIMES = tuple(_phrase(*row) for row in _rows(TIME_TABLE))
MANNERS = {row[0]: _phrase(*row) for row in _rows(MANNER_TABLE)}
QUESTIONS = {row[0]: _phrase(*row) for row in _rows(QUESTION_TABLE)}
DEGREES = tuple(_phrase(*row) for row in _rows(DEGREE_TABLE))
MEANS = tuple(_phrase(*row) for row in _rows(MEANS_TABLE))
CONDITIONS = tuple(_phrase(*row) for row in _rows(CONDITION_TABLE))
REASONS = tuple(_phrase(*row) for row in _rows(REASON_TABLE))
POSITIONS = {
    korean: (gloss, tuple(english.split("_")))
    for korean, gloss, english in (line.split() for line in POSITION_TABLE.strip().splitlines())
}


def _forms(lemma: str, present: str, past: str, *modifying: str) -> dict[str, str]:
    """Spell the forms that follow from the principal parts by joining syllables."""
    stem, names = lemma[:-1], ("ㄴ", "는", "ㄹ", "면")
    forms = {"present": present, "past": past, **dict(zip(names, modifying, strict=False))}
    forms |= {ending: stem + ending for ending in ("고", "지", "기", "지만")}
    forms |= {"서": present[:-1] + "서", "야": present[:-1] + "야"}
    forms |= {"았지만": past[:-2] + "지만", "았을": past[:-2] + "을", "았기": past[:-2] + "기"}
    if "면" in forms:
        forms |= {"면서": forms["면"] + "서", "러": forms["면"][:-1] + "러"}
    return forms


VERBS = {row.split()[0]: _forms(*row.split()) for row in VERB_TABLE.strip().splitlines()}


def _frames() -> Iterator[Frame]:
    for words, objects, places, manners, flags in _rows(FRAME_TABLE):
        lemma, english = words.split()
        head, *tail = english.split("_")
        yield Frame(
            lemma,
            VERBS[lemma],
            head,
            tuple(tail),
            choose_nouns(objects),
            choose_places(places),
            tuple(MANNERS[manner] for manner in manners.replace(".", "").split()),
            frozenset(flags.replace(".", "").split()),
        )


FRAMES = tuple(_frames())


def _adjectives() -> Iterator[Adjective]:
    for korean, english, nouns in _rows(ADJECTIVE_TABLE):
        lemma, present, past, before_noun = korean.split()
        base, comparative = english.split()
        frame = None
        if present != ".":
            frame = Frame(lemma, _forms(lemma, present, past), "be", (base,))
        chosen = frozenset(noun.korean for noun in choose_nouns(nouns))
        more = () if comparative == "." else tuple(comparative.split("_"))
        yield Adjective(before_noun, base, more, chosen, frame)


ADJECTIVES = tuple(_adjectives())
FEELINGS = tuple(
    Frame(row.split()[0], _forms(*row.split()[:3]), "be", (english,), flags=frozenset(["state"]))
    for row, english in _rows(FEELING_TABLE)
)


# The small world of lesson 1: one word a phrase in both languages, every verb fits every object.
ORDER_SUBJECTS = (
    ("저는", "I"),
    ("우리는", "We"),
    ("친구들은", "Friends"),
    ("학생들은", "Students"),
    ("아이들은", "Children"),
    ("의사들은", "Doctors"),
    ("가수들은", "Singers"),
    ("화가들은", "Painters"),
    ("배우들은", "Actors"),
    ("농부들은", "Farmers"),
    ("기자들은", "Reporters"),
    ("관광객들은", "Tourists"),
)
ORDER_OBJECTS = (
    ("책을", "books"),
    ("가방을", "bags"),
    ("우산을", "umbrellas"),
    ("시계를", "watches"),
    ("모자를", "hats"),
    ("자전거를", "bicycles"),
    ("의자를", "chairs"),
    ("인형을", "dolls"),
    ("카메라를", "cameras"),
    ("연필을", "pencils"),
    ("공을", "balls"),
    ("열쇠를", "keys"),
    ("지도를", "maps"),
    ("안경을", "glasses"),
    ("기타를", "guitars"),
    ("컵을", "cups"),
    ("칼을", "knives"),
    ("반지를", "rings"),
    ("구두를", "shoes"),
    ("장갑을", "gloves"),
    ("텐트를", "tents"),
    ("상자를", "boxes"),
    ("꽃병을", "vases"),
    ("바구니를", "baskets"),
    ("배낭을", "backpacks"),
    ("지갑을", "wallets"),
    ("그림을", "pictures"),
    ("장난감을", "toys"),
    ("양말을", "socks"),
    ("거울을", "mirrors"),
)
ORDER_VERBS = (
    ("샀어요", "bought"),
    ("팔았어요", "sold"),
    ("찾았어요", "found"),
    ("잃어버렸어요", "lost"),
    ("빌렸어요", "borrowed"),
    ("그렸어요", "drew"),
)
