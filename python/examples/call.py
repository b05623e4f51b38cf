"""The example of the README: calls somebody, says hello, takes four digits."""

import asyncio

# begin: readme
import rvoip

# end: readme


async def main() -> None:
    # begin: readme
    async with rvoip.Client.open() as client:
        alice = await client.register("sip:alice@example.com", "secret")
        call = await alice.call("sip:bob@example.com")
        await call.answered()
        await call.play("hello.wav")
        digits = await call.collect_digits(4, within=10)
        await call.hang_up()
    # end: readme
    print(digits)


if __name__ == "__main__":
    asyncio.run(main())
