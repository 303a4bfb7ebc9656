/*
 * Nkey: see nkey.h. A seed is base32 of two bytes of prefix, 32 of an Ed25519 key and a CRC-16, and
 * a public key the same with one byte of prefix.
 */
#include "connect/nkey.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <string.h>

#define USER_PREFIX (20 << 3)
#define SEED_PREFIX (18 << 3)
#define KEY_BYTES   32
#define SEED_LENGTH 58
#define SEED_BYTES  36 /* prefix, key, CRC */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static uint16_t crc16(const uint8_t *bytes, size_t length)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < length; i++) {
        crc ^= (uint32_t)bytes[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = crc << 1 ^ ((crc & 0x8000) != 0 ? 0x1021 : 0);
    }
    return (uint16_t)crc;
}

static bool decode(const char *text, size_t length, uint8_t *bytes)
{
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < length; i++) {
        const char *place = text[i] != '\0' ? strchr(alphabet, text[i]) : NULL;
        if (place == NULL)
            return false;
        bits = bits << 5 | (uint32_t)(place - alphabet);
        count += 5;
        if (count < 8)
            continue;
        count -= 8;
        *bytes++ = (uint8_t)(bits >> count);
    }
    return true;
}

static void encode(const uint8_t *bytes, size_t length, char *text)
{
    uint32_t bits = 0;
    unsigned count = 0;
    for (size_t i = 0; i < length; i++) {
        bits = bits << 8 | bytes[i];
        for (count += 8; count >= 5; count -= 5)
            *text++ = alphabet[bits >> (count - 5) & 31];
    }
    if (count > 0)
        *text++ = alphabet[bits << (5 - count) & 31];
    *text = '\0';
}

static bool derive(const uint8_t private_key[KEY_BYTES], uint8_t public_key[KEY_BYTES])
{
    size_t length = KEY_BYTES;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key, KEY_BYTES);
    bool derived = key != NULL && EVP_PKEY_get_raw_public_key(key, public_key, &length) == 1;
    EVP_PKEY_free(key);
    return derived;
}

static bool is_seed_of_user(const uint8_t bytes[SEED_BYTES])
{
    int prefix = bytes[0] & 0xf8;
    int role = (bytes[0] & 7) << 5 | (bytes[1] & 0xf8) >> 3;
    uint16_t crc = (uint16_t)(bytes[SEED_BYTES - 2] | bytes[SEED_BYTES - 1] << 8);
    return prefix == SEED_PREFIX && role == USER_PREFIX && crc == crc16(bytes, SEED_BYTES - 2);
}

bool cmd_read_seed(const char *text, char seed[CMD_SEED_SIZE], char public_key[CMD_NKEY_SIZE])
{
    const char *found = strstr(text, "SU");
    uint8_t bytes[SEED_BYTES + 1] = {0};
    uint8_t key[1 + KEY_BYTES + 2] = {USER_PREFIX};
    bool is_seed = false;
    while (found != NULL && !is_seed) {
        is_seed = strlen(found) >= SEED_LENGTH && decode(found, SEED_LENGTH, bytes) &&
                  is_seed_of_user(bytes) && derive(bytes + 2, key + 1);
        if (!is_seed)
            found = strstr(found + 1, "SU");
    }
    OPENSSL_cleanse(bytes, sizeof(bytes));
    if (!is_seed)
        return false;
    uint16_t crc = crc16(key, 1 + KEY_BYTES);
    key[1 + KEY_BYTES] = (uint8_t)crc;
    key[2 + KEY_BYTES] = (uint8_t)(crc >> 8);
    encode(key, sizeof(key), public_key);
    memcpy(seed, found, SEED_LENGTH);
    seed[SEED_LENGTH] = '\0';
    return true;
}
