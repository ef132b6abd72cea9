"""Writes trace.csv: short and wide jobs mixed, from a fixed seed. usage: make_trace.py > trace.csv"""

import random

random.seed(20261126)
print("arrival_s,width,duration_s,limit_s")
arrival = 0.0
for _ in range(90):
    width = random.choices([1, 2, 4], [70, 20, 10])[0]
    duration = round(random.choice([random.uniform(0.1, 0.4), random.uniform(0.4, 1.2)]), 3)
    limit = round(duration * random.choice([1.0, 1.5, 2.0]), 3)  # what people write into --max-time
    print(f"{arrival:.3f},{width},{duration},{limit}")
    arrival += random.expovariate(1 / 0.12)
