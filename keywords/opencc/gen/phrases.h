// Writes all keys and first values of an ocd2 dictionary as "key\tvalue\n" lines into
// a string from malloc; NULL where the file can't be read.
#ifdef __cplusplus
extern "C"
#endif
char *dump_dictionary(const char *path);
