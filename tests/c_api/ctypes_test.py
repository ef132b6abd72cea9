"""The C interface from Python, with nothing but the standard library: what a binding would do.

ctypes_test.py LIBRARY CALLABLE.JSON
"""
import array
import ctypes
import sys
import unittest

LIBRARY, CALLABLE = sys.argv[1], sys.argv[2]
IN, OUT = 1, 2
FLOAT32 = 0


class Tensor(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("data", ctypes.c_void_p), ("dtype", ctypes.c_int32), ("direction", ctypes.c_int32),
                ("address_space", ctypes.c_int32), ("rank", ctypes.c_int32), ("shape", ctypes.c_int64 * 5), ("strides", ctypes.c_int64 * 5)]


class RunOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("runtime", ctypes.c_int32), ("host_threads", ctypes.c_int32),
                ("aic_cores", ctypes.c_int32), ("record_dependencies", ctypes.c_int32), ("deadline_ms", ctypes.c_uint64)]


class Summary(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("task_count", ctypes.c_uint64), ("edge_count", ctypes.c_uint64 * 3),
                ("aic_cores_used", ctypes.c_uint32), ("aiv_cores_used", ctypes.c_uint32), ("run_ns", ctypes.c_uint64),
                ("task_window", ctypes.c_uint64 * 4), ("heap_bytes", ctypes.c_uint64 * 4)]


class Task(ctypes.Structure):
    _fields_ = [("id", ctypes.c_uint64), ("kernel_ids", ctypes.c_int32 * 3), ("reserved", ctypes.c_int32)]


class TilewrightError(Exception):
    def __init__(self, name, message):
        super().__init__(message)
        self.name = name


class Library:
    """Calls that take a trailing tw_error** and raise what comes back."""

    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        for name in ("tw_version", "tw_error_name", "tw_error_message", "tw_image_id"):
            getattr(self.lib, name).restype = ctypes.c_char_p
        for name in ("tw_error_name", "tw_error_message", "tw_error_free", "tw_image_id", "tw_image_free", "tw_worker_free",
                     "tw_arguments_free", "tw_report_free"):
            getattr(self.lib, name).argtypes = [ctypes.c_void_p]
        self.lib.tw_arguments_create.restype = ctypes.c_void_p
        self.lib.tw_report_tasks.restype = ctypes.POINTER(Task)

    def call(self, name, *arguments):
        error = ctypes.c_void_p()
        code = getattr(self.lib, name)(*arguments, ctypes.byref(error))
        if code == 0:
            return
        try:
            raise TilewrightError(self.lib.tw_error_name(error).decode(), self.lib.tw_error_message(error).decode())
        finally:
            self.lib.tw_error_free(error)


class CApiTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tw = Library(LIBRARY)
        cls.image, cls.worker, cls.hello = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_uint64()
        cls.tw.call("tw_image_build", CALLABLE.encode(), None, ctypes.byref(cls.image))
        cls.tw.call("tw_worker_create", None, ctypes.byref(cls.worker))
        cls.tw.call("tw_worker_register", cls.worker, cls.image, ctypes.byref(cls.hello))

    @classmethod
    def tearDownClass(cls):
        cls.tw.lib.tw_worker_free(cls.worker)
        cls.tw.lib.tw_image_free(cls.image)

    def arguments(self, *tensors):
        arguments = ctypes.c_void_p(self.tw.lib.tw_arguments_create())
        self.addCleanup(self.tw.lib.tw_arguments_free, arguments)
        for data, direction in tensors:
            tensor = Tensor(ctypes.sizeof(Tensor), data.buffer_info()[0], FLOAT32, direction, 0, 1, (len(data),))
            self.tw.call("tw_arguments_add_tensor", arguments, ctypes.byref(tensor))
        return arguments

    def test_version(self):
        self.assertRegex(self.tw.lib.tw_version().decode(), r"^\d+\.\d+\.\d+$")
        self.assertRegex(self.tw.lib.tw_image_id(self.image).decode(), "^[0-9a-f]{64}$")

    def test_a_run_adds_and_reports(self):
        count = 9000
        a = array.array("f", range(count))
        b = array.array("f", (0.5 * i for i in range(count)))
        c = array.array("f", bytes(4 * count))
        options = RunOptions(ctypes.sizeof(RunOptions), 0, 0, 4, 1, 0)
        report = ctypes.c_void_p()
        self.tw.call("tw_worker_run", self.worker, self.hello, self.arguments((a, IN), (b, IN), (c, OUT)), None, ctypes.byref(options),
                     ctypes.byref(report))
        self.addCleanup(self.tw.lib.tw_report_free, report)
        self.assertEqual(list(c), [1.5 * i for i in range(count)])
        summary = Summary(ctypes.sizeof(Summary))
        self.tw.call("tw_report_summary", report, ctypes.byref(summary))
        self.assertEqual(summary.task_count, 3)
        self.assertLessEqual(summary.aiv_cores_used, 8)
        size = ctypes.c_size_t()
        tasks = self.tw.lib.tw_report_tasks(report, ctypes.byref(size))
        self.assertEqual([list(tasks[i].kernel_ids) for i in range(size.value)], [[-1, 0, -1]] * 3)

    def test_mistakes_raise(self):
        a = array.array("f", [1.0])
        with self.assertRaises(TilewrightError) as caught:
            self.tw.call("tw_worker_run", self.worker, self.hello, self.arguments((a, IN)), None, None, None)
        self.assertEqual(caught.exception.name, "signature_mismatch")
        with self.assertRaisesRegex(TilewrightError, "names no registered callable"):
            self.tw.call("tw_worker_run", self.worker, ctypes.c_uint64(12345), None, None, None, None)
        with self.assertRaisesRegex(TilewrightError, "no/such"):
            self.tw.call("tw_image_build", b"/no/such/file", None, ctypes.byref(ctypes.c_void_p()))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
