-- What the totals of Complete Journey must be, computed from the Parquet files alone. It shares no code
-- with the product: grocery-classic and classic-tiers are written out here from their words.
--
--   1 point per 100 cents of lines without any discount and not in department FUEL; lines of department
--   PRODUCE count double Monday to Friday in the store's local time; x 1.25 once the member's spend before
--   this purchase, over the trailing 365 days, is >= 1,000.00, x 1.5 from 3,000.00; floor once a purchase.
--   Silver from 1,000.00, gold from 3,000.00 of spend in 365 days, this purchase included; up at once. A
--   tier year is longer than the data, so nobody moves down in it.
create table line as
select t.household_id, t.basket_id,
       timezone('America/New_York', timezone('UTC', t.transaction_timestamp)) as wall,
       cast(round(t.sales_value * 100) as hugeint) as sales_minor,
       t.retail_disc = 0 and t.coupon_disc = 0 and t.coupon_match_disc = 0
         and coalesce(p.department, '') <> 'FUEL' as earns,
       coalesce(p.department, '') = 'PRODUCE' as is_produce
from transactions t left join products p using (product_id);

create table purchase as
select household_id, basket_id, any_value(wall) + to_days($shift_weeks::int * 7) as wall,
       timezone('America/New_York', any_value(wall) + to_days($shift_weeks::int * 7)) as instant,
       sum(sales_minor) as sales_minor,
       sum(case when not earns then 0
                when is_produce and isodow(wall) between 1 and 5 then sales_minor * 2
                else sales_minor end) as earning_minor
from line
where wall < (select min(wall)::date from line) + to_days($days::int)
  and household_id % $one_household_in = 0
group by household_id, basket_id;

create table in_order as
select *, row_number() over (partition by household_id order by instant, basket_id) as seq from purchase;

create table judged as
select p.household_id, p.seq, p.sales_minor, p.earning_minor, p.instant, p.wall,
       coalesce(sum(before.sales_minor), 0) as spend_before_minor
from in_order p
left join in_order before on before.household_id = p.household_id and before.seq < p.seq
  and before.instant >= p.instant - interval (365 * 24) hour
group by all;

create table earned as
select *,
       (case when spend_before_minor >= 300000 then earning_minor * 6
             when spend_before_minor >= 100000 then earning_minor * 5
             else earning_minor * 4 end) // 400 as points,
       case when spend_before_minor + sales_minor >= 300000 then 2
            when spend_before_minor + sales_minor >= 100000 then 1
            else 0 end as rank
from judged;

create table household as
select household_id, count(*) as purchases, sum(sales_minor) as sales_minor, sum(points) as points_earned,
       ['base', 'silver', 'gold'][max(rank) + 1] as tier
from earned group by household_id;
