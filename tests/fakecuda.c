/* A driver with no device behind it: the entry points that stackwright_job/gpu.py uses, as strict as the real ones about
   order, handles, bounds and contexts, multiplying on the CPU. What was called is appended to $FAKE_CUDA_LOG.
   $FAKE_CUDA makes it one that sees no device, is broken, refuses a launch, does nothing, or gets one element wrong. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef DEVICES
#define DEVICES 1
#endif

typedef unsigned long long address;
enum { OK = 0, INVALID_VALUE = 1, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101, INVALID_CONTEXT = 201,
       INVALID_HANDLE = 400, NOT_FOUND = 500, LAUNCH_FAILED = 719, UNKNOWN = 999 };

static struct { char *at; size_t size; } held[16];
static int started, module_, kernel_, context_;
static void *current;

static int is(const char *fault) {
    const char *set = getenv("FAKE_CUDA");
    return set && !strcmp(set, fault);
}

static int said(const char *name, int status) {
    const char *file = getenv("FAKE_CUDA_LOG");
    FILE *log = file ? fopen(file, "a") : NULL;
    if (log) {
        fprintf(log, "%s %d\n", name, status);
        fclose(log);
    }
    return status;
}

/* The device behind a number, as $CUDA_VISIBLE_DEVICES counts them; -1 where there is none. */
static int visible(int ordinal) {
    const char *set = getenv("FAKE_CUDA_DEVICES"), *list = getenv("CUDA_VISIBLE_DEVICES");
    int all = set ? atoi(set) : DEVICES, device = ordinal;
    if (list) {
        for (int skipped = 0; list && *list && skipped < ordinal; skipped++)
            list = (list = strchr(list, ',')) ? list + 1 : NULL;
        device = list && *list ? atoi(list) : -1;
    }
    return device < all && !is("none") ? device : -1;
}

static int count(void) {
    int found = 0;
    while (visible(found) >= 0)
        found++;
    return found;
}

static int usable(void) { return !started ? NOT_INITIALIZED : !current ? INVALID_CONTEXT : OK; }

static char *inside(address at, size_t size) {
    for (int i = 0; i < 16; i++)
        if (held[i].at && at >= (address)held[i].at && at + size <= (address)held[i].at + held[i].size)
            return (char *)at;
    return NULL;
}

int cuInit(unsigned flags) {
    if (is("none") || is("broken") || flags)
        return said("cuInit", flags ? INVALID_VALUE : is("none") ? NO_DEVICE : UNKNOWN);
    started = 1;
    return said("cuInit", OK);
}

int cuGetErrorName(int status, const char **name) {
    *name = status == LAUNCH_FAILED ? "CUDA_ERROR_LAUNCH_FAILED" : status == UNKNOWN ? "CUDA_ERROR_UNKNOWN" : NULL;
    return *name ? OK : INVALID_VALUE;
}

int cuDriverGetVersion(int *version) { *version = 12040; return OK; }
int cuDeviceGetCount(int *found) { *found = count(); return started ? OK : NOT_INITIALIZED; }

int cuDeviceGet(int *device, int ordinal) {
    *device = 40 + visible(ordinal); /* a device is not its number */
    return ordinal < count() ? OK : INVALID_DEVICE;
}

int cuDeviceGetName(char *name, int length, int device) {
    snprintf(name, length, "Fake GPU %d", device - 40);
    return device < 40 ? INVALID_DEVICE : OK;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) {
    *bytes = 48ULL << 30;
    return device < 40 ? INVALID_DEVICE : OK;
}

int cuDeviceGetAttribute(int *value, int which, int device) {
    *value = which == 75 ? 8 : which == 76 ? 9 : -1;
    return device < 40 ? INVALID_DEVICE : OK;
}

int cuCtxCreate_v2(void **context, unsigned flags, int device) {
    if (!started || flags || device < 40 || current)
        return said("cuCtxCreate_v2", INVALID_VALUE);
    *context = current = &context_;
    return said("cuCtxCreate_v2", OK);
}

int cuCtxDestroy_v2(void *context) {
    int left = 0;
    for (int i = 0; i < 16; i++)
        left += held[i].at != NULL;
    if (context != current)
        return said("cuCtxDestroy_v2", INVALID_CONTEXT);
    current = NULL;
    said("left", left);
    return said("cuCtxDestroy_v2", OK);
}

int cuCtxSynchronize(void) { return said("cuCtxSynchronize", usable()); }

int cuModuleLoadData(void **module, const char *image) {
    *module = &module_;
    return said("cuModuleLoadData", usable() ? usable() : strstr(image, ".version 6.0") ? OK : INVALID_VALUE);
}

int cuModuleGetFunction(void **kernel, void *module, const char *name) {
    *kernel = &kernel_;
    return said("cuModuleGetFunction", module != &module_ ? INVALID_HANDLE : strcmp(name, "product") ? NOT_FOUND : OK);
}

int cuModuleUnload(void *module) { return said("cuModuleUnload", module == &module_ ? OK : INVALID_HANDLE); }

int cuMemAlloc_v2(address *at, size_t size) {
    for (int i = 0; !usable() && i < 16; i++)
        if (!held[i].at) {
            held[i].at = malloc(held[i].size = size);
            *at = (address)held[i].at;
            return said("cuMemAlloc_v2", OK);
        }
    return said("cuMemAlloc_v2", INVALID_CONTEXT);
}

int cuMemFree_v2(address at) {
    for (int i = 0; i < 16; i++)
        if (held[i].at && (address)held[i].at == at) {
            free(held[i].at);
            held[i].at = NULL;
            return said("cuMemFree_v2", OK);
        }
    return said("cuMemFree_v2", INVALID_VALUE);
}

int cuMemcpyHtoD_v2(address to, const void *from, size_t size) {
    char *there = inside(to, size);
    if (there)
        memcpy(there, from, size);
    return said("cuMemcpyHtoD_v2", there ? usable() : INVALID_VALUE);
}

int cuMemcpyDtoH_v2(void *to, address from, size_t size) {
    char *there = inside(from, size);
    if (there)
        memcpy(to, there, size);
    return said("cuMemcpyDtoH_v2", there ? usable() : INVALID_VALUE);
}

int cuLaunchKernel(void *kernel, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **parameters, void **extra) {
    unsigned inner = *(unsigned *)parameters[3], columns = *(unsigned *)parameters[4], rows = gy * by;
    float *a = (float *)inside(*(address *)parameters[0], rows * inner * 4);
    float *b = (float *)inside(*(address *)parameters[1], inner * columns * 4);
    float *c = (float *)inside(*(address *)parameters[2], rows * columns * 4);
    if (usable() || kernel != &kernel_ || gz != 1 || bz != 1 || shared || stream || extra || gx * bx != columns
        || bx * by > 1024 || !a || !b || !c)
        return said("cuLaunchKernel", INVALID_VALUE);
    if (is("refuses"))
        return said("cuLaunchKernel", LAUNCH_FAILED);
    for (unsigned row = 0; !is("idle") && row < rows; row++)
        for (unsigned column = 0; column < columns; column++) {
            float sum = 0;
            for (unsigned k = 0; k < inner; k++)
                sum += a[row * inner + k] * b[k * columns + column];
            c[row * columns + column] = sum + (is("lies") && row == 5 && column == 7);
        }
    return said("cuLaunchKernel", OK);
}
