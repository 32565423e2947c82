// The one-shot SHA interface of libcrypto. It is marked deprecated in OpenSSL 3 in favour of EVP, but EVP would
// drag the whole provider machinery (some 4 MB) into the static opz-server; the code behind both is the same.
// Signatures (OpzTrust, which the server does not have) need EVP: a declaration that nobody calls costs nothing.
#ifndef OPZ_CCRYPTO_H
#define OPZ_CCRYPTO_H
#define OPENSSL_SUPPRESS_DEPRECATED 1
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#endif
