#!/bin/sh
# Makes the recordings of this folder and those of the command's demonstration, with Debian's espeak-ng and sox:
#     sh tests/vectors/speech/make.sh
# It is run by hand when other words are wanted: the recordings are kept, so that every test compares the same samples.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
demo="$here/../../../sdk/cli/assets"
raw=$(mktemp --suffix .wav)
trap 'rm -f "$raw"' EXIT

# speech NAME VOICE PITCH WORDS…: as a telephone carries it, 8 kHz of 16 bits, 200 to 3,400 Hz.
speech() {
    name=$1 voice=$2 pitch=$3
    shift 3
    espeak-ng -v "$voice" -p "$pitch" -s 165 -w "$raw" "$*"
    sox -D "$raw" -r 8000 -b 16 -c 1 "$here/$name.wav" gain -6 sinc 200-3400 silence 1 0.01 1% trim 0 12 norm -1
    # The first of it is what the phones of the demonstration say.
    sox -D "$here/$name.wav" "$demo/$name.wav" trim 0 5
}

speech alice en-gb+f3 55 "Good morning Bob. I am calling you from the train. Can you hear me well? \
We left the city about ten minutes ago, and the rain has stopped at last. I wanted to ask whether you have found \
the blue folder which I left on your desk. If so, please read me the third line of its first page."

speech bob en-us+m3 35 "Hello Alice, how nice to hear from you. Your voice sounds quite clear today. \
I just made some coffee and opened all the windows, since our new neighbours painted their door. \
Yes, there is a folder here, under yesterday's paper. Wait a moment, let me fetch my glasses."
